/** What people read: times, dates, offsets, fees, durations. */

import { DAY, HOUR, MINUTE, dateAt, localAt, midnightOf, offsetAt } from "./zone.js";

const LOCALE = "en-GB";

const LONG = new Intl.DateTimeFormat(LOCALE, {
  timeZone: "UTC", weekday: "long", day: "numeric", month: "long", year: "numeric",
});
const SHORT = new Intl.DateTimeFormat(LOCALE, {
  timeZone: "UTC", weekday: "short", day: "numeric", month: "short", year: "numeric",
});
const WHOLE = new Intl.NumberFormat(LOCALE);
const CENTS = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2 });

const two = (/** @type {number} */ n) => String(n).padStart(2, "0");

/**
 * The digits of a fraction of a second in an RFC 3339 text.
 * @param {string} text
 */
function fraction(text) {
  return /\.(\d+)/.exec(text)?.[1] ?? "";
}

/**
 * The time of day, as short as it can be without rounding: `11:11`, `11:11:11.111`.
 * @param {string} zone
 * @param {string} datetime RFC 3339
 */
export function time(zone, datetime) {
  const local = new Date(localAt(zone, Date.parse(datetime)));
  const minutes = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
  const digits = fraction(datetime);
  if (local.getUTCSeconds() === 0 && digits === "") {
    return minutes;
  }
  return `${minutes}:${two(local.getUTCSeconds())}${digits && "."}${digits}`;
}

/**
 * The time of day to the minute, for where there is little room.
 * @param {string} zone
 * @param {number} instant
 */
export function minute(zone, instant) {
  const local = new Date(localAt(zone, instant));
  return `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
}

/**
 * How far the clocks of a zone are ahead of UTC: `UTC`, `UTC+1`, `UTC−3:30`.
 * @param {string} zone
 * @param {number} instant
 */
export function offset(zone, instant) {
  const ahead = offsetAt(zone, instant);
  // Before time zones were introduced, offsets had seconds.
  const minutes = Math.round(Math.abs(ahead) / MINUTE);
  const text = `${Math.floor(minutes / 60)}${minutes % 60 ? `:${two(minutes % 60)}` : ""}`;
  return ahead === 0 ? "UTC" : `UTC${ahead < 0 ? "−" : "+"}${text}`;
}

/**
 * The microsecond before an instant: the last one of a half-open interval that ends with it. Whole seconds stay as they are.
 * @param {string} datetime RFC 3339, in UTC
 */
export function justBefore(datetime) {
  const micros = Number(fraction(datetime).padEnd(6, "0"));
  const digits = micros > 1 ? `.${String(micros - 1).padStart(6, "0").replace(/0+$/, "")}` : "";
  return datetime.replace(/(\.\d+)?Z$/, `${digits}Z`);
}

/**
 * A time with its offset: `11:11 UTC+1`.
 * @param {string} zone
 * @param {string} datetime RFC 3339
 */
export function timeWithOffset(zone, datetime) {
  return `${time(zone, datetime)} ${offset(zone, Date.parse(datetime))}`;
}

/**
 * A day, a time and the offset: `Tue 1 Nov 2022, 11:11 UTC+1`.
 * @param {string} zone
 * @param {string} datetime RFC 3339
 */
export function dateTime(zone, datetime) {
  const local = localAt(zone, Date.parse(datetime));
  return `${words(SHORT, local, 4)}, ${timeWithOffset(zone, datetime)}`;
}

/**
 * A time with its offset, and its day if that is not the day of another time.
 * @param {string} zone
 * @param {string} datetime RFC 3339
 * @param {string} other RFC 3339
 */
export function timeNear(zone, datetime, other) {
  const day = (/** @type {string} */ text) => dateAt(zone, Date.parse(text));
  return day(datetime) === day(other) ? timeWithOffset(zone, datetime) : dateTime(zone, datetime);
}

/**
 * `Tuesday 1 November 2022`
 * @param {string} date
 */
export function longDay(date) {
  return words(LONG, midnightOf(date), 4);
}

/**
 * `Tue 1 Nov`
 * @param {string} date
 */
export function shortDay(date) {
  return words(SHORT, midnightOf(date), 3);
}

/**
 * `23 Nov – 29 Nov 2026`
 * @param {string} from
 * @param {string} to
 */
export function week(from, to) {
  const day = (/** @type {string} */ date, /** @type {number} */ count) => words(SHORT, midnightOf(date), count).replace(/^\S+ /, "");
  return `${day(from, 3)} – ${day(to, 4)}`;
}

/**
 * The day of an instant before another day: `Tue`, or `Tue 1 Nov` if there is a later Tuesday before that day.
 * @param {string} zone
 * @param {number} instant
 * @param {number} before the first instant of the other day
 */
export function earlierDay(zone, instant, before) {
  return words(SHORT, localAt(zone, instant), before - instant < 6 * DAY ? 1 : 3);
}

/**
 * The first words of a date. What is between them differs from browser to browser.
 * @param {Intl.DateTimeFormat} form
 * @param {number} local
 * @param {number} count
 */
function words(form, local, count) {
  const parts = form.formatToParts(local).filter(({ type }) => type !== "literal");
  return parts.slice(0, count).map(({ value }) => value).join(" ");
}

/**
 * A fee, with as many decimals as it needs.
 * @param {number} fee
 */
export function money(fee) {
  return (Number.isInteger(fee) ? WHOLE : CENTS).format(fee);
}

/**
 * The milliseconds of an ISO 8601 duration of days, hours, minutes and seconds.
 * @param {string} duration
 */
export function millis(duration) {
  const found = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(duration);
  const [days, hours, minutes, seconds] = (found ?? []).slice(1).map((part) => Number(part ?? 0));
  return found ? days * DAY + hours * HOUR + minutes * MINUTE + seconds * 1000 : NaN;
}

/**
 * A length of time in words: `3 hours`, `1 day 12 hours`.
 * @param {number} length in milliseconds
 */
export function inWords(length) {
  const units = /** @type {const} */ ([["day", DAY], ["hour", HOUR], ["minute", MINUTE], ["second", 1000]]);
  const words = [];
  for (const [unit, size] of units) {
    const count = unit === "second" ? length / size : Math.floor(length / size);
    length -= count * size;
    if (count > 0) {
      words.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
    }
  }
  return words.join(" ") || "0 seconds";
}

/**
 * An instant as the service takes it.
 * @param {number} instant
 */
export function rfc3339(instant) {
  return new Date(instant).toISOString().replace(".000Z", "Z");
}
