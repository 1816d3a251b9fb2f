/** What the fragment of the page's URL says: the day, the view and the time zone. It is not sent to the service. */

import { isZone, midnightOf } from "./zone.js";

/**
 * @typedef {object} Address
 * @property {string} day
 * @property {"day" | "week"} view all calendars on a day, or one through a week
 * @property {string} calendar the one of the week
 * @property {string} zone
 */

/**
 * The address in a fragment; what is missing or wrong in it is taken from `otherwise`.
 * @param {string} fragment
 * @param {Address} otherwise
 * @returns {Address}
 */
export function read(fragment, otherwise) {
  const found = new URLSearchParams(fragment.replace(/^#/, ""));
  const day = found.get("day") ?? "";
  const zone = found.get("zone") ?? "";
  const calendar = found.get("calendar") ?? "";
  const year = Number(day.slice(0, 4));
  return {
    // The days at both ends of what the service stores have no neighbours.
    day: !Number.isNaN(midnightOf(day)) && year > 1 && year < 9999 ? day : otherwise.day,
    view: found.get("view") === "week" && calendar !== "" ? "week" : "day",
    calendar: calendar || otherwise.calendar,
    zone: isZone(zone) ? zone : otherwise.zone,
  };
}

/**
 * The fragment of an address.
 * @param {Address} address
 */
export function write({ day, view, calendar, zone }) {
  const parameters = new URLSearchParams({ day, view, ...(view === "week" ? { calendar } : {}), zone });
  return `#${parameters.toString().replaceAll("%2F", "/")}`;
}
