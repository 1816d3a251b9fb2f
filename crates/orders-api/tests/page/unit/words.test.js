import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem, Unreachable } from "../../../assets/schedule/api.js";
import * as explain from "../../../assets/schedule/explain.js";
import { describe } from "../../../assets/schedule/history.js";
import { Orders } from "../../../assets/schedule/orders.js";

const problem = (status, body) => new Problem(status, body, new Headers());

const CONFLICT = problem(409, {
  type: "/problems/order-conflict", detail: "too close", calendar: "crew", minimum_gap: "PT45M",
  conflicts_with: [
    { id: "1", datetime: "2026-11-24T08:00:00Z" }, { id: "2", datetime: "2026-11-24T09:00:00.500Z" }, { id: "3", datetime: "2026-11-24T09:30:00Z" },
  ],
  nearest_free: { before: "2026-11-24T07:15:00Z", after: null },
});

test("a conflict names the orders that are too close, by their references where they are known", () => {
  const orders = new Orders();
  orders.put({ id: "1", version: 1, calendar: "crew", datetime: "2026-11-24T08:00:00Z", reference: "PO\u202e-1\u2069" });
  const words = (near) => explain.conflict(CONFLICT, "Europe/Berlin", near, orders);
  assert.equal(words("2026-11-24T08:30:00Z"), "Less than 45 minutes from order \u2068PO-1\u2069 at 09:00 UTC+1 and order 2 at 10:00:00.500 UTC+1 and 1 more.");
  // At midnight, or with a gap of days, it is another day.
  assert.match(words("2026-11-23T22:59:00Z"), /PO-1\u2069 at Tue 24 Nov 2026, 09:00 UTC\+1 and/);
});

test("the offers are the texts of the service, without the time that the order has already", () => {
  assert.deepEqual(explain.offers(CONFLICT), ["2026-11-24T07:15:00Z"]);
  const order = { calendar: "crew", datetime: "2026-11-24T07:15:00Z" };
  assert.deepEqual(explain.offers(CONFLICT, order), []);
  assert.deepEqual(explain.offers(CONFLICT, { ...order, calendar: "other" }), ["2026-11-24T07:15:00Z"]);
});

test("a failure is said in words, and whether it is known what happened", () => {
  for (const [error, words, isUnknown] of [
    [new Unreachable(), "The service does not answer.", true],
    [problem(412, { type: "/problems/version-mismatch" }), "Somebody else changed this order.", false],
    [problem(404, { type: "/problems/not-found" }), "Somebody else cancelled this order.", false],
    [problem(503, { type: "/problems/unavailable" }), "The service is busy. Try again in a moment.", true],
    [problem(409, { type: "/problems/idempotency-key-in-use", detail: "it is being answered" }), "it is being answered.", true],
    [problem(409, { type: "/problems/id-taken", detail: "the id is taken" }), "the id is taken.", false],
    [problem(422, { type: "/problems/invalid-request", errors: [{ detail: "a" }, { detail: "b" }] }), "a. b.", false],
    [problem(502, {}), "the service answered 502.", true],
  ]) {
    assert.equal(explain.words(error), words);
    assert.equal(explain.isUnknown(error), isUnknown);
  }
});

test("a change says what is different", () => {
  const names = { zone: "UTC", calendar: (id) => `calendar ${id}`, service: (id) => `service ${id}` };
  const order = { calendar: "a", datetime: "2026-11-24T08:00:00Z", totalfee: 100, services: [{ id: "1" }] };
  const changed = (more) => describe({ type: "order.updated", data: { ...order, ...more } }, order, names);
  assert.deepEqual(describe({ type: "order.created", data: order }, undefined, names), ["Booked for Tue 24 Nov 2026, 08:00 UTC in calendar a"]);
  assert.deepEqual(describe({ type: "order.deleted", data: order }, order, names), ["Cancelled"]);
  assert.deepEqual(changed({ datetime: "2026-11-24T09:30:00Z" }), ["Moved from Tue 24 Nov 2026, 08:00 UTC to Tue 24 Nov 2026, 09:30 UTC"]);
  assert.deepEqual(changed({ calendar: "b", totalfee: 99.5 }), ["Moved from calendar a to calendar b", "Fee: 100 → 99.50"]);
  assert.deepEqual(changed({ services: [{ id: "2" }], reference: "x", metadata: { gate: "B" } }), [
    "Services: service 1 → service 2", "Reference: none → x", "Metadata changed",
  ]);
  assert.deepEqual(changed({}), ["Saved without a change"]);
  // Earlier versions have expired.
  assert.deepEqual(describe({ type: "order.updated", data: order }, undefined, names), ["Changed; then at Tue 24 Nov 2026, 08:00 UTC in calendar a"]);
});
