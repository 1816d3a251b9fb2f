import assert from "node:assert/strict";
import { test } from "node:test";

import { Orders } from "../../../assets/schedule/orders.js";

const order = (id, version, datetime = "2026-11-24T08:00:00Z", calendar = "a") => ({ id, version, datetime, calendar });
const ids = (orders, calendar) => orders.between(calendar, 0, Infinity).map(({ id }) => id);

test("the latest version of an order wins, in whatever sequence versions arrive", () => {
  const orders = new Orders();
  assert.ok(orders.put(order("1", 2)));
  assert.ok(!orders.put(order("1", 1)));
  assert.ok(!orders.put(order("1", 2)));
  assert.ok(orders.put(order("1", 3, "2026-11-24T09:00:00Z", "b")));
  assert.deepEqual([ids(orders, "a"), ids(orders, "b")], [[], ["1"]]);
});

test("an answer that was on its way does not bring a cancelled order back", () => {
  const orders = new Orders();
  orders.put(order("1", 1));
  orders.remove("1", 2);
  assert.ok(!orders.put(order("1", 1)));
  assert.deepEqual(ids(orders, "a"), []);
  // The id was used again.
  assert.ok(orders.put(order("1", 3)));
  orders.remove("1", 2);
  assert.deepEqual(ids(orders, "a"), ["1"]);
});

test("orders of a calendar are sorted by time", () => {
  const orders = new Orders();
  orders.put(order("late", 1, "2026-11-24T12:00:00Z"));
  orders.put(order("early", 1, "2026-11-24T08:00:00Z"));
  orders.put(order("other", 1, "2026-11-24T10:00:00Z", "b"));
  assert.deepEqual(ids(orders, "a"), ["early", "late"]);
  assert.ok(orders.hasAny(Date.parse("2026-11-24T12:00:00Z"), Date.parse("2026-11-24T12:00:01Z")));
  assert.ok(!orders.hasAny(Date.parse("2026-11-25"), Infinity));
});
