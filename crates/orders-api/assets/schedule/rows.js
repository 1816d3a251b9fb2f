/** The rows of the board: a calendar and a local day each. */

import { DAY, addDays, endOfDay, hours, instantOf, localAt, midnightOf, startOfDay, transitions, weekOf } from "./zone.js";
import { millis } from "./format.js";

/**
 * @typedef {import("./api.js").Calendar} Calendar
 * @typedef {object} Row
 * @property {string} key
 * @property {Calendar} calendar
 * @property {number} gap of the calendar, in milliseconds
 * @property {string} day
 * @property {number} from the first instant of the day
 * @property {number} to the first instant after it
 * @property {number[]} hours the instants at which a full hour begins
 * @property {{ at: number, by: number }[]} changes of the clocks
 * @property {boolean} regular whether its hours are where those of most days are
 */

/**
 * The rows of a view: all calendars on a day, or one through a week.
 * @param {import("./address.js").Address} address
 * @param {Calendar[]} calendars
 * @returns {Row[]}
 */
export function rowsOf({ day, view, calendar, zone }, calendars) {
  if (view === "week") {
    const chosen = calendars.filter(({ id }) => id === calendar);
    return weekOf(zone, day).flatMap((date) => chosen.map((it) => row(it, dayOf(zone, date))));
  }
  const one = dayOf(zone, day);
  return calendars.map((it) => row(it, one));
}

/**
 * A day of a zone. A day that the zone does not have is the next one.
 * @param {string} zone
 * @param {string} date
 */
export function dayOf(zone, date) {
  const day = startOfDay(zone, date) === null ? addDays(date, 1) : date;
  const from = /** @type {number} */ (startOfDay(zone, day));
  const to = endOfDay(zone, day);
  const changes = transitions(zone, from, to);
  return { day, from, to, hours: hours(zone, from, to), changes, regular: changes.length === 0 && to - from === DAY };
}

/**
 * @param {Calendar} calendar
 * @param {ReturnType<typeof dayOf>} day
 * @returns {Row}
 */
function row(calendar, day) {
  return { key: `${day.day} ${calendar.id}`, calendar, gap: millis(calendar.minimum_gap), ...day };
}

/**
 * The same time of day in another row.
 * @param {string} zone
 * @param {Row} from
 * @param {Row} to
 * @param {number} instant
 */
export function sameTime(zone, from, to, instant) {
  const moved = midnightOf(to.day) - midnightOf(from.day);
  return moved === 0 ? instant : instantOf(zone, localAt(zone, instant) + moved);
}
