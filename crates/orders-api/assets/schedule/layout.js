/** Where things are on the board. No function here touches the page. */

import { DAY, HOUR, MINUTE } from "./zone.js";

/** The step of a move. */
export const STEP = 15 * MINUTE;

/** Orders of calendars without a gap take no time; they are drawn as if they took this long. */
const SHORTEST = 30 * MINUTE;

/** An hour is at least so many pixels wide, so that there is room for words in an order. */
const NARROWEST = 44;

/** The widths of an hour between which people can choose, as multiples of the narrowest. */
export const ZOOMS = [1, 1.5, 2.2, 3.3, 5, 8];

/** In pixels: if nobody has chosen a width, the orders of half of the rows are at least so wide, up to a limit. */
const LEGIBLE = 108;
const LEGIBLE_ZOOM = 3;

/**
 * @typedef {{ from: number, to: number }} Span a half-open interval of instants
 * @typedef {{ left: number, width: number, before: boolean, after: boolean }} Place in percent of a day, and whether
 *   the rest is before or after it
 */

/**
 * Where a span is in a day, or `null` if it is outside.
 * @param {Span} day
 * @param {Span} span
 * @returns {Place | null}
 */
export function place(day, span) {
  if (span.to <= day.from || span.from >= day.to) {
    return null;
  }
  const length = day.to - day.from;
  const from = Math.max(span.from, day.from);
  const to = Math.min(span.to, day.to);
  return {
    left: ((from - day.from) / length) * 100,
    width: ((to - from) / length) * 100,
    before: span.from < day.from,
    after: span.to > day.to,
  };
}

/**
 * The time that an order takes in its row: the gap of its calendar.
 * @param {number} start
 * @param {number} gap in milliseconds
 * @returns {Span}
 */
export function taken(start, gap) {
  return { from: start, to: start + (gap || SHORTEST) };
}

/**
 * A lane for each span, so that those in one lane do not overlap, and the number of lanes. Only the orders of calendars
 * without a gap need more than one.
 * @param {Span[]} spans sorted by `from`
 */
export function lanes(spans) {
  /** @type {number[]} */
  const ends = [];
  const assigned = spans.map((span) => {
    const free = ends.findIndex((end) => end <= span.from);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = span.to;
    return lane;
  });
  return { assigned, count: Math.max(1, ends.length) };
}

/**
 * The nearest quarter of an hour since the beginning of a day.
 * @param {number} instant
 * @param {number} start of the day
 */
export function snap(instant, start) {
  return start + Math.round((instant - start) / STEP) * STEP;
}

/**
 * The time to book at a point in a free interval: the quarter of an hour before the point, or the beginning of the
 * interval, exactly as the service wrote it.
 * @param {{ from: string, to: string }} interval
 * @param {number} instant
 * @param {number} start of the day
 * @returns {number | string}
 */
export function bookable(interval, instant, start) {
  const from = Date.parse(interval.from);
  const quarter = start + Math.floor((instant - start) / STEP) * STEP;
  return quarter > from ? quarter : interval.from;
}

/**
 * The time to book in a free interval if no point in it was chosen: the first quarter of an hour that is not past, or
 * the beginning of the interval if there is none.
 * @param {{ from: string, to: string }} interval
 * @param {number} now
 * @param {number} start of the day
 * @returns {number | string}
 */
export function earliest(interval, now, start) {
  const to = Date.parse(interval.to);
  const from = Math.max(Date.parse(interval.from), now < to ? now : 0);
  const quarter = start + Math.ceil((from - start) / STEP) * STEP;
  return quarter < to ? quarter : interval.from;
}

/**
 * The rows that can be seen, and a few around them: from `first` to before `last`.
 * @param {{ scrollTop: number, height: number, rowHeight: number, count: number }} view
 */
export function visible({ scrollTop, height, rowHeight, count }) {
  const around = 4;
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - around);
  const last = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + around);
  return { first: Math.min(first, last), last };
}

/**
 * The width of an hour, in pixels, with which the longest day fits into the room, if it can be read then.
 * @param {Span[]} days
 * @param {number} room in pixels
 */
export function narrowestHour(days, room) {
  const longest = days.reduce((most, { from, to }) => Math.max(most, to - from), DAY);
  return Math.max(NARROWEST, room / (longest / HOUR));
}

/**
 * The index of the width with which most orders can be read.
 * @param {number[]} gaps of the rows, in milliseconds
 * @param {number} narrowest the width of an hour, in pixels
 */
export function legibleZoom(gaps, narrowest) {
  const sorted = gaps.toSorted((a, b) => a - b);
  const usual = (sorted[Math.floor(sorted.length / 2)] || HOUR) / HOUR;
  const found = ZOOMS.findIndex((zoom) => narrowest * zoom * usual >= LEGIBLE);
  return Math.min(found < 0 ? LEGIBLE_ZOOM : found, LEGIBLE_ZOOM);
}

/**
 * The colour of the thing with this index, as an angle on the colour wheel: the golden angle keeps neighbours apart,
 * however many there are.
 * @param {number} index
 */
export function angle(index) {
  return Math.round((195 + index * 137.508) % 360);
}
