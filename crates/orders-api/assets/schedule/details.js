/** An order, its history, and what can be done with it. */

import { open } from "./dialog.js";
import { h } from "./dom.js";
import * as explain from "./explain.js";
import * as format from "./format.js";
import { history } from "./history.js";
import { notify } from "./notices.js";

/**
 * @typedef {import("./api.js").Order} Order
 * @typedef {object} DetailsOptions
 * @property {Order} order
 * @property {import("./history.js").Names} names
 * @property {import("./actions.js").Actions} actions
 * @property {boolean} writable
 * @property {boolean} [cancels] begins with the question whether to cancel the order
 * @property {() => void} change opens the form
 * @property {() => void} closed
 */

/**
 * Opens the details.
 * @param {DetailsOptions} options
 */
export function openDetails({ order, names, actions, writable, cancels = false, change, closed }) {
  const { zone, calendar, service } = names;
  const footer = h("footer");
  const alert = h("div", { class: "alert", role: "alert" });
  const past = h("div", { class: "past", "aria-busy": "true" }, "Loading…");
  /** @type {[string, string][]} */
  const rows = [
    ["Time", format.dateTime(zone, order.datetime)],
    ["Calendar", calendar(order.calendar)],
    ["Services", order.services.map(({ id }) => service(id)).join(", ")],
    ["Fee", format.money(order.totalfee)],
    ["Reference", order.reference ?? "none"],
    ["Id", order.id],
    .../** @type {[string, string][]} */ (Object.entries(order.metadata ?? {})),
  ];
  const dialog = open(`Order ${order.reference ?? order.id}`, [
    h("dl", {}, rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    h("h3", {}, "History"), past, alert, footer,
  ], { closed });

  const ask = () => {
    const keep = h("button", { onclick: offer }, "Keep it");
    footer.replaceChildren(
      h("p", { class: "question" }, "Cancel this order? Its time is then free for others."),
      keep, h("button", { class: "danger", onclick: cancel }, "Cancel the order"));
    keep.focus();
  };
  const offer = () => {
    const first = h("button", { class: "primary", onclick: change }, "Change");
    footer.replaceChildren(h("button", { class: "quiet-danger", onclick: ask }, "Cancel order…"), first);
    first.focus();
  };
  const cancel = async () => {
    dialog.setAttribute("aria-busy", "true");
    try {
      await actions.cancel(order);
      notify(`Order ${order.reference ?? order.id} was cancelled.`);
      dialog.close();
    } catch (error) {
      const fate = explain.isUnknown(error) ? "It is not known whether the order was cancelled." : "It was not cancelled.";
      alert.replaceChildren(h("p", {}, `${explain.words(error)} ${fate}`));
      footer.replaceChildren();
    } finally {
      dialog.removeAttribute("aria-busy");
    }
  };
  if (writable) {
    (cancels ? ask : offer)();
  }
  history(order.id, names).then((items) => past.replaceChildren(items), (error) => {
    past.replaceChildren(explain.words(error));
  }).finally(() => past.removeAttribute("aria-busy"));
}
