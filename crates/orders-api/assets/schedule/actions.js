/** What people do with orders: every write goes through here. */

import { Problem, json, randomKey } from "./api.js";
import * as explain from "./explain.js";
import * as format from "./format.js";
import { notify } from "./notices.js";

/**
 * @typedef {import("./api.js").Order} Order
 * @typedef {{ datetime?: string, calendar?: string, services?: { id: string }[], totalfee?: number, reference?: string | null }} Changes
 * @typedef {{ zone: () => string, changed: (calendars: string[]) => void, locked: () => void }} Host
 */

export class Actions {
  #sent = { body: "", key: "" };

  /**
   * @param {import("./orders.js").Orders} orders
   * @param {Host} host
   */
  constructor(orders, host) {
    this.orders = orders;
    this.host = host;
  }

  /**
   * Books an order. The same order that is sent again, because the answer was lost, is booked once.
   * @param {Required<Omit<Changes, "reference">> & { reference?: string }} draft
   * @returns {Promise<Order>}
   */
  async book(draft) {
    const body = JSON.stringify(draft);
    if (body !== this.#sent.body) {
      this.#sent = { body, key: randomKey() };
    }
    const order = await this.#send("POST", "/orders", { body: draft, headers: { "Idempotency-Key": this.#sent.key } });
    this.#sent = { body: "", key: "" };
    this.#store(order);
    return order;
  }

  /**
   * Changes an order, unless somebody else has changed it.
   * @param {Order} order as it is known
   * @param {Changes} changes
   * @returns {Promise<Order>}
   */
  async change(order, changes) {
    try {
      const changed = await this.#send("PATCH", `/orders/${order.id}`, {
        body: changes, type: "application/merge-patch+json", headers: { "If-Match": `"${order.version}"` },
      });
      this.#store(changed, order.calendar);
      return changed;
    } catch (error) {
      await this.#catchUp(order, error);
      throw error;
    }
  }

  /**
   * Cancels an order, unless somebody else has changed it.
   * @param {Order} order as it is known
   */
  async cancel(order) {
    try {
      await this.#send("DELETE", `/orders/${order.id}`, { headers: { "If-Match": `"${order.version}"` } });
      this.#gone(order, order.version + 1);
    } catch (error) {
      await this.#catchUp(order, error);
      throw error;
    }
  }

  /**
   * Moves an order, and shows how that went.
   * @param {Order} order
   * @param {{ datetime: string, calendar: string }} target
   * @returns {Promise<Order | null>} `null` if it was not moved
   */
  async move(order, { datetime, calendar }) {
    const changes = calendar === order.calendar ? { datetime } : { datetime, calendar };
    try {
      const moved = await this.change(order, changes);
      const back = { datetime: order.datetime, calendar: order.calendar };
      notify(`Moved to ${format.dateTime(this.host.zone(), datetime)}.`, {
        actions: [{ label: "Undo", run: () => this.move(moved, back) }],
      });
      return moved;
    } catch (error) {
      this.#explainMove(order, calendar, error);
      return null;
    }
  }

  /**
   * @param {Order} order
   * @param {string} calendar
   * @param {unknown} error
   */
  #explainMove(order, calendar, error) {
    if (!(error instanceof Problem) || error.type !== "order-conflict") {
      this.failed(explain.isUnknown(error) ? "It is not known whether the order was moved." : "The order was not moved.", error);
      return;
    }
    const zone = this.host.zone();
    const offers = explain.offers(error, order);
    notify(`Not moved. ${explain.conflict(error, zone, order.datetime, this.orders)}${offers.length ? "" : " There is no free time within a year."}`, {
      failure: true,
      // The service's own text is sent back: rounded, it might be too close again.
      actions: offers.map((datetime) => ({
        label: `Move to ${format.timeNear(zone, datetime, order.datetime)}`,
        run: () => this.move(this.orders.get(order.id) ?? order, { datetime, calendar }),
      })),
    });
  }

  /**
   * Shows that something failed.
   * @param {string} what
   * @param {unknown} error
   */
  failed(what, error) {
    if (error instanceof Problem && error.status === 401) {
      this.host.locked();
    }
    notify(`${explain.words(error)} ${what}`, { failure: true });
  }

  /**
   * Sends a request. Without a valid key, the page is locked.
   * @param {string} method
   * @param {string} path
   * @param {import("./api.js").Options} options
   */
  async #send(method, path, options) {
    try {
      return await json(method, path, options);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) {
        this.host.locked();
      }
      throw error;
    }
  }

  /**
   * Reads an order after a failure that may mean that it is not as the page knows it.
   * @param {Order} order
   * @param {unknown} error
   */
  async #catchUp(order, error) {
    const mayDiffer = explain.isUnknown(error) || (error instanceof Problem && [404, 412].includes(error.status));
    if (!mayDiffer) {
      return;
    }
    try {
      this.#store(await json("GET", `/orders/${order.id}`), order.calendar);
    } catch (cause) {
      if (cause instanceof Problem && cause.status === 404) {
        this.#gone(order, order.version);
      }
    }
  }

  /**
   * @param {Order} order
   * @param {string} [before] the calendar that it was in
   */
  #store(order, before) {
    this.orders.put(order);
    this.host.changed([order.calendar, before ?? order.calendar]);
  }

  /**
   * @param {Order} order
   * @param {number} version
   */
  #gone(order, version) {
    this.orders.remove(order.id, version);
    this.host.changed([order.calendar]);
  }
}
