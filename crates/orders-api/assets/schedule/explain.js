/** Problems in words. */

import { Problem, Unreachable } from "./api.js";
import * as format from "./format.js";

/**
 * Why a booking or a move was rejected: which orders are too close.
 * @param {Problem} problem `order-conflict`
 * @param {string} zone
 * @param {string} near a time whose day the reader knows, as RFC 3339
 * @param {import("./orders.js").Orders} orders those that are known, and so their references
 */
export function conflict(problem, zone, near, orders) {
  const others = problem.body.conflicts_with.map((/** @type {{ id: string, datetime: string }} */ { id, datetime }) =>
    `order ${named(orders.get(id)?.reference) ?? id} at ${format.timeNear(zone, datetime, near)}`);
  const gap = format.inWords(format.millis(problem.body.minimum_gap));
  const shown = others.slice(0, 2).join(" and ");
  return `Less than ${gap} from ${shown}${others.length > 2 ? ` and ${others.length - 2} more` : ""}.`;
}

/**
 * A reference as a part of a sentence. Marks in it cannot turn what follows, such as a time, around.
 * @param {string} [reference]
 */
function named(reference) {
  return reference && `\u2068${reference.replace(/[\u202a-\u202e\u2066-\u2069]/g, "")}\u2069`;
}

/**
 * The free times that a conflict offers, as the service wrote them. An order does not conflict with itself, so the
 * service may offer the time that it has already.
 * @param {Problem} problem `order-conflict`
 * @param {import("./api.js").Order} [order] that was to be moved
 * @returns {string[]}
 */
export function offers(problem, order) {
  const { before, after } = problem.body.nearest_free ?? {};
  const isPresent = (/** @type {string} */ time) => order?.datetime === time && order.calendar === problem.body.calendar;
  return [before, after].filter((time) => time !== null && time !== undefined && !isPresent(time));
}

/**
 * A failure in words.
 * @param {unknown} error
 */
export function words(error) {
  if (error instanceof Unreachable) {
    return "The service does not answer.";
  }
  if (!(error instanceof Problem)) {
    return error instanceof DOMException && error.name === "TimeoutError"
      ? "The service does not answer." : "Something went wrong on this page.";
  }
  switch (error.type) {
    case "version-mismatch": return "Somebody else changed this order.";
    case "not-found": return "Somebody else cancelled this order.";
    case "authentication-required": return "A key is needed.";
    case "not-permitted": return "Your key does not permit this.";
    case "too-many-requests": return "Too many requests for your key. Try again in a moment.";
    case "invalid-request": return error.body.errors.map((/** @type {{ detail: string }} */ { detail }) => `${detail}.`).join(" ");
    case "unavailable": return "The service is busy. Try again in a moment.";
    default: return `${error.message}.`.replace(/\.\.$/, ".");
  }
}

/**
 * Whether it is not known if the service did what was asked.
 * @param {unknown} error
 */
export function isUnknown(error) {
  return !(error instanceof Problem) || error.status >= 500 || error.type === "idempotency-key-in-use";
}
