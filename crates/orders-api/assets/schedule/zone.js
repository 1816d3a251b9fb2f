/**
 * Time zones, with nothing but `Intl`.
 *
 * An instant is a number of milliseconds since 1970. A local time is the same number for what a clock on the wall
 * shows, as if it were UTC. A date is `YYYY-MM-DD`.
 */

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string} zone */
function format(zone) {
  let found = formats.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat("en-US", {
      timeZone: zone, calendar: "gregory", numberingSystem: "latn", hourCycle: "h23", era: "short",
      year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    });
    formats.set(zone, found);
  }
  return found;
}

/**
 * Whether there is such a time zone.
 * @param {string} zone
 */
export function isZone(zone) {
  try {
    return zone !== "" && Boolean(format(zone));
  } catch {
    return false;
  }
}

/**
 * What the clocks of a zone show at an instant.
 * @param {string} zone
 * @param {number} instant
 */
export function localAt(zone, instant) {
  const whole = Math.floor(instant / 1000) * 1000;
  /** @type {Record<string, string>} */
  const parts = {};
  for (const { type, value } of format(zone).formatToParts(whole)) {
    parts[type] = value;
  }
  const year = parts.era?.startsWith("B") ? 1 - Number(parts.year) : Number(parts.year);
  const midnight = utc(year, Number(parts.month), Number(parts.day));
  const seconds = (Number(parts.hour) * 60 + Number(parts.minute)) * 60 + Number(parts.second);
  return midnight + seconds * 1000 + (instant - whole);
}

/**
 * The milliseconds by which the clocks of a zone are ahead of UTC.
 * @param {string} zone
 * @param {number} instant
 */
export function offsetAt(zone, instant) {
  return localAt(zone, instant) - instant;
}

/**
 * The date in a zone at an instant.
 * @param {string} zone
 * @param {number} instant
 */
export function dateAt(zone, instant) {
  return dateOf(localAt(zone, instant));
}

/**
 * The date of a local time.
 * @param {number} local
 */
export function dateOf(local) {
  const day = new Date(local);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const year = String(day.getUTCFullYear()).padStart(4, "0");
  return `${year}-${two(day.getUTCMonth() + 1)}-${two(day.getUTCDate())}`;
}

/**
 * The local time at the beginning of a date, or `NaN` if there is no such date in the years 1 to 9999.
 * @param {string} date
 */
export function midnightOf(date) {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
  const local = found ? utc(Number(found[1]), Number(found[2]), Number(found[3])) : NaN;
  return found && Number(found[1]) > 0 && dateOf(local) === date ? local : NaN;
}

/**
 * A date so many days later.
 * @param {string} date
 * @param {number} days
 */
export function addDays(date, days) {
  return dateOf(midnightOf(date) + days * DAY);
}

/**
 * The instants at which the clocks of a zone show a local time: none if they skip it, two if they repeat it.
 * @param {string} zone
 * @param {number} local
 */
export function instantsOf(zone, local) {
  const offsets = new Set([offsetAt(zone, local - DAY), offsetAt(zone, local + DAY)]);
  const instants = [...offsets].map((offset) => local - offset);
  return instants.filter((instant) => localAt(zone, instant) === local).sort((a, b) => a - b);
}

/**
 * The first instant at which the clocks show a local time or, if they skip it, the instant as much later.
 * @param {string} zone
 * @param {number} local
 */
export function instantOf(zone, local) {
  return instantsOf(zone, local)[0] ?? local - offsetAt(zone, local - DAY);
}

/**
 * The first instant of a local day, or `null` if the zone has no such day.
 * @param {string} zone
 * @param {string} date
 */
export function startOfDay(zone, date) {
  const midnight = midnightOf(date);
  const [first] = instantsOf(zone, midnight);
  if (first !== undefined) {
    return first;
  }
  // The clocks skip midnight, and perhaps the whole day.
  const [skip] = transitions(zone, midnight - DAY, midnight + DAY);
  return skip && dateAt(zone, skip.at) === date ? skip.at : null;
}

/**
 * The next date that a zone has, or with `step` -1 the previous one.
 * @param {string} zone
 * @param {string} date
 * @param {1 | -1} step
 */
export function neighbour(zone, date, step) {
  const next = addDays(date, step);
  return startOfDay(zone, next) === null ? addDays(next, step) : next;
}

/**
 * The first instant after a local day.
 * @param {string} zone
 * @param {string} date
 */
export function endOfDay(zone, date) {
  const end = startOfDay(zone, neighbour(zone, date, 1));
  return /** @type {number} */ (end);
}

/**
 * The dates of the week, Monday first, in which a date is. A date that the zone does not have is left out.
 * @param {string} zone
 * @param {string} date
 */
export function weekOf(zone, date) {
  const weekday = (new Date(midnightOf(date)).getUTCDay() + 6) % 7;
  const dates = [0, 1, 2, 3, 4, 5, 6].map((day) => addDays(date, day - weekday));
  return dates.filter((day) => startOfDay(zone, day) !== null);
}

/**
 * When the clocks are changed between two instants, and by how much.
 * @param {string} zone
 * @param {number} from
 * @param {number} to
 */
export function transitions(zone, from, to) {
  const found = [];
  for (let low = from; low < to; low += HOUR) {
    const high = Math.min(low + HOUR, to);
    const before = offsetAt(zone, low);
    const after = offsetAt(zone, high);
    if (before !== after) {
      found.push({ at: change(zone, low, high), by: after - before });
    }
  }
  return found;
}

/**
 * The first instant with the offset of `high`.
 * @param {string} zone
 * @param {number} low
 * @param {number} high
 */
function change(zone, low, high) {
  const after = offsetAt(zone, high);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === after) {
      high = middle;
    } else {
      low = middle;
    }
  }
  return high;
}

/**
 * The instants at which a full hour begins on the clocks of a zone.
 * @param {string} zone
 * @param {number} from
 * @param {number} to
 */
export function hours(zone, from, to) {
  const changes = transitions(zone, from, to).map((transition) => transition.at);
  const found = [];
  let start = from;
  for (const end of [...changes, to]) {
    const offset = offsetAt(zone, start);
    const first = Math.ceil((start + offset) / HOUR) * HOUR - offset;
    for (let hour = first; hour < end; hour += HOUR) {
      found.push(hour);
    }
    start = end;
  }
  return found;
}

/**
 * @param {number} year
 * @param {number} month
 * @param {number} day
 */
function utc(year, month, day) {
  // Unlike `Date.UTC`, this takes the years below 100 as they are.
  return new Date(0).setUTCFullYear(year, month - 1, day);
}
