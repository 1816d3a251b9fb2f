/** Loads the rows that can be seen: their orders, and when they are free. */

import { list, query } from "./api.js";
import { rfc3339 } from "./format.js";

/**
 * @typedef {import("./rows.js").Row} Row
 * @typedef {import("./api.js").Interval} Interval
 * @typedef {import("./api.js").Order} Order
 * @typedef {{ row: Row, all: boolean }} Task whether all of the row is loaded, or only its free times
 */

/** The browser opens six connections to a host, and one is the change stream. */
const AT_ONCE = 4;

/** Changes that follow each other so closely, in milliseconds, cause one request for each row. */
const SETTLE = 120;

export class Loader {
  #abort = new AbortController();
  /** @type {Map<string, Task>} */
  #waiting = new Map();
  /** @type {Map<string, Task>} */
  #running = new Map();
  /** @type {Set<string>} */
  #loaded = new Set();
  /** @type {Set<string>} Rows that are not asked for again until the service answers again. */
  #failed = new Set();
  /** @type {Set<string>} Rows whose free times are to be loaded again. */
  #stale = new Set();
  /** @type {Set<string>} Those that will be stale when the changes have settled. */
  #changed = new Set();
  #timer = 0;

  /**
   * @param {import("./orders.js").Orders} orders
   * @param {{ loaded: (row: Row, free: Interval[]) => void, failed: (row: Row, error: unknown) => void, idle: () => void, stale: () => void }} listener
   */
  constructor(orders, listener) {
    this.orders = orders;
    this.listener = listener;
  }

  /** Whether something is being loaded. */
  get isBusy() {
    return this.#waiting.size + this.#running.size > 0;
  }

  /** Forgets what was loaded and what is wanted. */
  reset() {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#waiting.clear();
    this.#running.clear();
    this.#loaded.clear();
    this.#failed.clear();
    this.#stale.clear();
    this.#changed.clear();
  }

  /**
   * Loads these rows, unless they are loaded, and no others that still wait.
   * @param {Row[]} rows
   */
  want(rows) {
    this.#waiting.clear();
    for (const row of rows.filter(({ key }) => !this.#failed.has(key))) {
      const all = !this.#loaded.has(row.key);
      if ((all && !this.#running.get(row.key)?.all) || (!all && this.#stale.has(row.key))) {
        this.#waiting.set(row.key, { row, all });
      }
    }
    this.#next();
  }

  /** Loads the rows that failed again, when they are wanted. */
  retry() {
    if (this.#failed.size > 0) {
      this.#failed.clear();
      this.listener.stale();
    }
  }

  /**
   * Loads the free times of these rows again, when they are wanted.
   * @param {Row[]} rows
   */
  refresh(rows) {
    rows.forEach((row) => this.#changed.add(row.key));
    this.#timer ||= window.setTimeout(() => {
      this.#timer = 0;
      this.#changed.forEach((key) => this.#stale.add(key));
      this.#changed.clear();
      this.listener.stale();
    }, SETTLE);
  }

  #next() {
    for (const [key, task] of this.#waiting) {
      if (this.#running.size >= AT_ONCE) {
        return;
      }
      if (!this.#running.has(key)) {
        this.#waiting.delete(key);
        this.#running.set(key, task);
        this.#run(task, this.#abort.signal);
      }
    }
    if (!this.isBusy) {
      this.listener.idle();
    }
  }

  /**
   * @param {Task} task
   * @param {AbortSignal} signal
   */
  async #run({ row, all }, signal) {
    try {
      this.#stale.delete(row.key);
      const window = { calendar: row.calendar.id, from: rfc3339(row.from), to: rfc3339(row.to) };
      const around = { from: rfc3339(row.from - row.gap), to: rfc3339(row.to + row.gap), limit: "1000" };
      const [free, orders] = await Promise.all([
        /** @type {Promise<Interval[]>} */ (list(query("/availability", window), signal)),
        all ? /** @type {Promise<Order[]>} */ (list(query("/orders", { ...window, ...around }), signal)) : [],
      ]);
      if (!signal.aborted) {
        orders.forEach((order) => this.orders.put(order));
        this.#loaded.add(row.key);
        this.listener.loaded(row, free);
      }
    } catch (error) {
      if (!signal.aborted) {
        this.#failed.add(row.key);
        this.#stale.add(row.key);
        this.listener.failed(row, error);
      }
    }
    if (!signal.aborted) {
      this.#running.delete(row.key);
      this.#next();
    }
  }
}
