/** Says that there are no orders in a view, and offers the next one. */

import { query, read } from "./api.js";
import { h } from "./dom.js";
import * as format from "./format.js";

/**
 * @typedef {{ from: number, to: number, zone: string, view: "day" | "week", calendar: string }} Window
 */

export class EmptyNote {
  #checked = 0;

  /**
   * @param {HTMLElement} element
   * @param {(datetime: string) => void} go
   */
  constructor(element, go) {
    this.element = element;
    this.go = go;
  }

  /**
   * Shows the note if there are no orders in the window.
   * @param {Window} window
   * @param {import("./orders.js").Orders} orders those that are known
   */
  async check(window, orders) {
    const check = (this.#checked += 1);
    const isKnown = () => orders.hasAny(window.from, window.to);
    if (isKnown()) {
      this.element.replaceChildren();
      return;
    }
    try {
      const found = await this.#find(window);
      if (check === this.#checked) {
        this.element.replaceChildren(...(found === null || isKnown() ? [] : this.#note(window, found)));
      }
    } catch {
      // The board says what cannot be loaded.
    }
  }

  /**
   * The next order, or else the last one before; `null` if the window is not empty.
   * @param {Window} window
   * @returns {Promise<import("./api.js").Order | undefined | null>}
   */
  async #find({ from, to, calendar }) {
    const filter = { ...(calendar ? { calendar } : {}), limit: "1" };
    const [next] = await (await read(query("/orders", { ...filter, from: format.rfc3339(from) }))).json();
    if (next) {
      return Date.parse(next.datetime) < to ? null : next;
    }
    const [last] = await (await read(query("/orders", { ...filter, to: format.rfc3339(from), order: "desc" }))).json();
    return last;
  }

  /**
   * @param {Window} window
   * @param {import("./api.js").Order} [order]
   */
  #note({ from, zone, view }, order) {
    const nothing = `No orders ${view === "week" ? "in this week" : "on this day"}.`;
    if (!order) {
      return [h("span", {}, `${nothing} There are none before or after it either.`)];
    }
    const isNext = Date.parse(order.datetime) >= from;
    return [
      h("span", {}, nothing),
      h("button", { class: "small-button", onclick: () => this.go(order.datetime) },
        `${isNext ? "Next" : "Last"}: ${format.dateTime(zone, order.datetime)}`),
    ];
  }
}
