/** The form that books an order or changes one. */

import { Problem } from "./api.js";
import { alertPlace, field, open } from "./dialog.js";
import { h } from "./dom.js";
import * as explain from "./explain.js";
import * as format from "./format.js";
import { notify } from "./notices.js";
import { ServicePicker } from "./service_picker.js";
import { TimeField } from "./time_field.js";

/**
 * @typedef {import("./api.js").Order} Order
 * @typedef {{ calendar: string, datetime: string, services: { id: string }[], totalfee: number, reference: string }} Draft
 * @typedef {object} FormOptions
 * @property {import("./actions.js").Actions} actions
 * @property {string} zone
 * @property {import("./api.js").Calendar[]} calendars
 * @property {import("./api.js").Service[]} services
 * @property {Promise<import("./api.js").Service[]> | null} loading all services, if they are still being loaded
 * @property {string} calendar
 * @property {string} datetime RFC 3339
 * @property {Order} [order] the one to change; a new one is booked if absent
 * @property {(order: Order | null) => void} closed
 */

const FEE = /^\d{1,10}([.,]\d{1,2})?$/;

/** The words for the members of an order that the service may find wrong. */
const FIELDS = /** @type {Record<string, string>} */ ({
  datetime: "Time", totalfee: "Fee", services: "Services", reference: "Reference", calendar: "Calendar",
});

/**
 * Opens the form.
 * @param {FormOptions} options
 */
export function openForm(options) {
  new OrderForm(options);
}

class OrderForm {
  /** @type {Order | null} */
  #done = null;

  /** @param {FormOptions} options */
  constructor(options) {
    const { zone, calendars, services, loading, calendar, datetime, order } = options;
    this.options = options;
    this.calendar = h("select", { required: true }, calendars.map(({ id, name }) => h("option", { value: id }, name)));
    this.calendar.value = calendar;
    this.time = new TimeField(zone, datetime);
    const chosen = order?.services.map(({ id }) => id) ?? (services.length === 1 && !loading ? [services[0].id] : []);
    this.services = new ServicePicker(services, chosen, loading);
    this.fee = h("input", { inputmode: "decimal", autocomplete: "off", required: true, value: order ? String(order.totalfee) : "" });
    this.reference = h("input", { maxlength: "200", autocomplete: "off", value: order?.reference ?? "" });
    this.alert = alertPlace();
    this.submit = h("button", { class: "primary", type: "submit" }, order ? "Save" : "Book");
    const form = h("form", { novalidate: true, onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#send();
    } },
    field("Calendar", this.calendar), this.time.element, this.services.element,
    h("div", { class: "pair" }, field("Fee", this.fee), field("Reference", this.reference, "optional")),
    this.alert,
    h("footer", {}, h("button", { type: "button", onclick: () => this.dialog.close() }, "Close"), this.submit));
    this.dialog = open(order ? `Change order ${order.reference ?? order.id}` : "Book", [form], {
      closed: () => options.closed(this.#done),
    });
    if (!order) {
      this.services.focus();
    }
  }

  /**
   * What was entered, or `null` if something is missing.
   * @returns {Draft | null}
   */
  #draft() {
    const time = this.time.value;
    if ("wrong" in time) {
      return this.#wrong(time.wrong, time.at);
    }
    const services = this.services.value;
    if (services.length === 0) {
      return this.#wrong("Choose at least one service.", this.services);
    }
    if (!FEE.test(this.fee.value.trim())) {
      return this.#wrong("Enter the fee as a number with at most two decimals, such as 100 or 99.95.", this.fee);
    }
    const totalfee = Number(this.fee.value.trim().replace(",", "."));
    const reference = this.reference.value.trim();
    return { calendar: this.calendar.value, datetime: time.datetime, services, totalfee, reference };
  }

  /**
   * @param {string} words
   * @param {{ focus: () => void }} at
   */
  #wrong(words, at) {
    this.alert.replaceChildren(h("p", {}, words));
    at.focus();
    return null;
  }

  /** @param {string} [datetime] an offered time, as the service wrote it */
  async #send(datetime) {
    const draft = this.#draft();
    if (!draft || this.submit.disabled) {
      return;
    }
    this.submit.disabled = true;
    this.dialog.setAttribute("aria-busy", "true");
    try {
      draft.datetime = datetime ?? draft.datetime;
      this.#done = await this.#write(draft);
      this.dialog.close();
    } catch (error) {
      this.#explain(error, draft);
    } finally {
      this.submit.disabled = false;
      this.dialog.removeAttribute("aria-busy");
    }
  }

  /** @param {Draft} draft */
  async #write(draft) {
    const { actions, order, zone } = this.options;
    const { reference, ...rest } = draft;
    if (order) {
      const changes = changed(order, draft);
      return Object.keys(changes).length ? actions.change(order, changes) : order;
    }
    const booked = await actions.book(reference ? draft : rest);
    notify(`Booked for ${format.dateTime(zone, booked.datetime)}.`);
    return booked;
  }

  /**
   * @param {unknown} error
   * @param {Draft} draft
   */
  #explain(error, draft) {
    const { order, actions } = this.options;
    if (error instanceof Problem && error.type === "order-conflict") {
      this.#offer(error, draft);
      return;
    }
    if (error instanceof Problem && error.body.errors) {
      const lines = error.body.errors.map((/** @type {{ pointer: string, detail: string }} */ { pointer, detail }) => {
        const name = FIELDS[pointer.split("/")[1]];
        return h("p", {}, name ? `${name}: ${detail}.` : `${detail}.`);
      });
      this.alert.replaceChildren(...lines);
      return;
    }
    const fate = explain.isUnknown(error)
      ? `It is not known whether the order was ${order ? "changed" : "booked"}. ${order ? "" : "You can send it again: it is booked only once."}`
      : `The order was not ${order ? "changed" : "booked"}.`;
    const fresh = order && actions.orders.get(order.id);
    this.alert.replaceChildren(h("p", {}, `${explain.words(error)} ${fate}`));
    if (order && fresh && fresh.version > order.version) {
      this.alert.append(h("button", { type: "button", class: "small-button", onclick: () => {
        openForm({ ...this.options, order: fresh, calendar: fresh.calendar, datetime: fresh.datetime });
      } }, "Show the order as it is now"));
    }
  }

  /**
   * @param {Problem} problem
   * @param {Draft} draft
   */
  #offer(problem, draft) {
    const { zone, order, actions } = this.options;
    const offers = explain.offers(problem, order).map((datetime) => h("button", {
      type: "button", class: "offer", "data-datetime": datetime, onclick: () => this.#send(datetime),
    }, h("span", {}, order ? "Move to " : "Book "), h("b", {}, format.dateTime(zone, datetime))));
    this.alert.replaceChildren(
      h("p", {}, explain.conflict(problem, zone, draft.datetime, actions.orders)),
      offers.length ? h("p", {}, "The nearest free times:") : h("p", {}, "There is no free time within a year."),
      h("div", { class: "offers" }, offers));
    offers[0]?.focus({ preventScroll: true });
    this.alert.scrollIntoView({ block: "nearest" });
  }
}

/**
 * The members that differ, as a merge patch.
 * @param {Order} order
 * @param {Draft} draft
 */
function changed(order, draft) {
  /** @type {import("./actions.js").Changes} */
  const changes = {};
  const ids = (/** @type {{ id: string }[]} */ services) => services.map(({ id }) => id).join();
  if (draft.calendar !== order.calendar) {
    changes.calendar = draft.calendar;
  }
  if (draft.datetime !== order.datetime) {
    changes.datetime = draft.datetime;
  }
  if (ids(draft.services) !== ids(order.services)) {
    changes.services = draft.services;
  }
  if (draft.totalfee !== order.totalfee) {
    changes.totalfee = draft.totalfee;
  }
  if (draft.reference !== (order.reference ?? "").trim()) {
    changes.reference = draft.reference || null;
  }
  return changes;
}
