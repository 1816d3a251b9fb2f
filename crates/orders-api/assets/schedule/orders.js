/** The orders that the page knows. */

/**
 * @typedef {import("./api.js").Order} Order
 * @typedef {Order & { start: number }} Known an order and the instant at which it starts
 */

/** How many orders that left are remembered, so that an answer that was on its way cannot bring them back. */
const MOST_GONE = 10_000;

export class Orders {
  /** @type {Map<string, Known>} */
  #byId = new Map();
  /** @type {Map<string, Map<string, Known>>} */
  #byCalendar = new Map();
  /** @type {Map<string, number>} The version with which each order left. */
  #gone = new Map();

  /**
   * The order with this id.
   * @param {string} id
   */
  get(id) {
    return this.#byId.get(id);
  }

  /**
   * Stores an order, unless the same or a later version is known. Returns whether it did.
   * @param {Order} order
   */
  put(order) {
    const known = this.#byId.get(order.id)?.version ?? this.#gone.get(order.id) ?? 0;
    if (order.version <= known) {
      return false;
    }
    this.#forget(order.id);
    const stored = { ...order, start: Date.parse(order.datetime) };
    this.#byId.set(order.id, stored);
    let calendar = this.#byCalendar.get(order.calendar);
    if (!calendar) {
      calendar = new Map();
      this.#byCalendar.set(order.calendar, calendar);
    }
    calendar.set(order.id, stored);
    return true;
  }

  /**
   * Removes an order that was cancelled or is not shown any more, unless a later version is known.
   * @param {string} id
   * @param {number} version with which it left
   */
  remove(id, version) {
    if ((this.#byId.get(id)?.version ?? 0) > version) {
      return;
    }
    this.#forget(id);
    if (this.#gone.size >= MOST_GONE) {
      this.#gone.clear();
    }
    this.#gone.set(id, Math.max(version, this.#gone.get(id) ?? 0));
  }

  /** @param {string} id */
  #forget(id) {
    const known = this.#byId.get(id);
    if (known) {
      this.#byId.delete(id);
      this.#byCalendar.get(known.calendar)?.delete(id);
    }
  }

  /**
   * The orders of a calendar that start in `[from, to)`, by time.
   * @param {string} calendar
   * @param {number} from
   * @param {number} to
   */
  between(calendar, from, to) {
    const all = [...(this.#byCalendar.get(calendar)?.values() ?? [])];
    const found = all.filter(({ start }) => from <= start && start < to);
    return found.sort((a, b) => a.start - b.start || (a.id < b.id ? -1 : 1));
  }

  /**
   * Whether an order is known that starts in `[from, to)`.
   * @param {number} from
   * @param {number} to
   */
  hasAny(from, to) {
    for (const { start } of this.#byId.values()) {
      if (from <= start && start < to) {
        return true;
      }
    }
    return false;
  }

  /** Forgets everything. */
  clear() {
    this.#byId.clear();
    this.#byCalendar.clear();
    this.#gone.clear();
  }
}
