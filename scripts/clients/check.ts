// A client generated from the document, against the service at ORDERS_URL, with the API key in ORDERS_KEY: books,
// conflicts, moves, lists, deletes.

import createClient from "openapi-fetch";
import type { components, paths } from "./orders.js";

const client = createClient<paths>({
  baseUrl: process.env.ORDERS_URL!,
  headers: { Authorization: `Bearer ${process.env.ORDERS_KEY}` },
});

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

const draft: components["schemas"]["OrderDraft"] = {
  id: "223",
  datetime: "2022-11-01T11:11:11.111Z",
  totalfee: 99.95,
  services: [{ id: "123" }],
};
const placed = await client.POST("/orders", { body: draft });
must(placed.data?.version === 1 && placed.data.totalfee === 99.95, "an order is placed");
must(placed.response.headers.get("Location") === "/orders/223", "and says where it is");

const refused = await client.POST("/orders", { body: { ...draft, id: "224" } });
must(refused.error?.type === "/problems/order-conflict", "a time is taken once");
const free: string | null = refused.error.nearest_free.after;
must(free === "2022-11-01T14:11:11.111Z", "the answer says when there is room");

const path = { id: "223" };
const moved = await client.PATCH("/orders/{id}", {
  params: { path, header: { "If-Match": '"1"' } },
  body: { datetime: free },
});
must(moved.data?.datetime === free, "an order is moved");

// What was read can be sent back.
const put = await client.PUT("/orders/{id}", { params: { path }, body: moved.data });
must(put.data?.version === 3, "an order is replaced");

const stale = await client.DELETE("/orders/{id}", {
  params: { path, header: { "If-Match": '"1"' } },
});
must(stale.error?.type === "/problems/version-mismatch", "an old version is not deleted");

const wrong = await client.POST("/orders", { body: { ...draft, totalfee: -1 } });
must(
  wrong.error?.type === "/problems/invalid-request" && wrong.error.errors[0]?.pointer === "/totalfee",
  "a wrong field is named",
);

const list = await client.GET("/orders", { params: { query: { calendar: "default", limit: 10 } } });
must(list.data?.length === 1, "orders are listed");

const window = { from: "2022-11-01T00:00:00Z", to: "2022-11-02T00:00:00Z" };
const gaps = await client.GET("/availability", { params: { query: window } });
must(gaps.data?.[0]?.to === "2022-11-01T11:11:11.111001Z", "free times are told");

const gone = await client.DELETE("/orders/{id}", { params: { path } });
must(gone.response.status === 204, "an order is deleted");
