/** What happened to an order, in words. */

import { list, query } from "./api.js";
import { h } from "./dom.js";
import * as format from "./format.js";

/**
 * @typedef {import("./api.js").Change} Change
 * @typedef {import("./api.js").Order} Order
 * @typedef {{ zone: string, calendar: (id: string) => string, service: (id: string) => string }} Names
 */

/**
 * A list of the changes of an order, latest first.
 * @param {string} id
 * @param {Names} names
 */
export async function history(id, names) {
  const changes = /** @type {Change[]} */ (await list(query(`/orders/${id}/history`, { limit: "1000" })));
  const items = changes.map((change, index) => {
    const before = changes[index - 1];
    const lines = describe(change, before?.type === "order.deleted" ? undefined : before?.data, names);
    const when = format.dateTime(names.zone, change.timestamp.replace(/\.\d+/, ""));
    return h("li", {}, lines.map((line) => h("p", {}, line)),
      h("small", {}, h("time", { datetime: change.timestamp }, when), change.client ? ` by ${change.client}` : ""));
  });
  return h("ol", { class: "history" }, items.reverse());
}

/**
 * A change in words.
 * @param {Change} change
 * @param {Order | undefined} before
 * @param {Names} names
 */
export function describe({ type, data }, before, { zone, calendar, service }) {
  const when = (/** @type {Order} */ order) => format.dateTime(zone, order.datetime);
  const services = (/** @type {Order} */ order) => order.services.map(({ id }) => service(id)).join(", ");
  if (type === "order.deleted") {
    return ["Cancelled"];
  }
  if (type === "order.created") {
    return [`Booked for ${when(data)} in ${calendar(data.calendar)}`];
  }
  if (!before) {
    return [`Changed; then at ${when(data)} in ${calendar(data.calendar)}`];
  }
  const lines = [];
  if (data.datetime !== before.datetime) {
    lines.push(`Moved from ${when(before)} to ${when(data)}`);
  }
  if (data.calendar !== before.calendar) {
    lines.push(`Moved from ${calendar(before.calendar)} to ${calendar(data.calendar)}`);
  }
  if (services(data) !== services(before)) {
    lines.push(`Services: ${services(before)} → ${services(data)}`);
  }
  if (data.totalfee !== before.totalfee) {
    lines.push(`Fee: ${format.money(before.totalfee)} → ${format.money(data.totalfee)}`);
  }
  if (data.reference !== before.reference) {
    lines.push(`Reference: ${before.reference ?? "none"} → ${data.reference ?? "none"}`);
  }
  if (JSON.stringify(data.metadata) !== JSON.stringify(before.metadata)) {
    lines.push("Metadata changed");
  }
  return lines.length ? lines : ["Saved without a change"];
}
