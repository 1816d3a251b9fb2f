/** Links by which calendar programs follow the orders of calendars. */

import { json, list } from "./api.js";
import { alertPlace, field, open } from "./dialog.js";
import { h } from "./dom.js";
import * as explain from "./explain.js";

/** @typedef {{ id: string, name: string, calendars: string[], url?: string }} Feed */

/**
 * Opens the panel.
 * @param {import("./api.js").Calendar[]} calendars
 */
export function openFeeds(calendars) {
  const names = new Map(calendars.map(({ id, name }) => [id, name]));
  const existing = h("div", { "aria-busy": "true" }, "Loading…");
  const result = h("div", { class: "result", role: "status" });
  /** @type {string} The feed whose link is shown. */
  let created = "";
  const alert = alertPlace();
  const name = h("input", { required: true, maxlength: "100", autocomplete: "off" });
  const boxes = calendars.map(({ id, name: label }) => {
    const box = h("input", { type: "checkbox", value: id });
    return { box, item: h("label", {}, box, label) };
  });
  const submit = h("button", { class: "primary", type: "submit" }, "Create a link");
  const form = h("form", { novalidate: true, onsubmit: create },
    field("Name", name, "who uses the link"),
    h("div", { class: "field", role: "group", "aria-label": "Calendars" }, h("span", {}, "Calendars"),
      h("div", { class: "services", tabindex: boxes.length > 8 ? "0" : undefined }, boxes.map(({ item }) => item))),
    alert, h("footer", {}, submit));
  open("Calendar links", [
    h("p", {}, "A calendar program shows the orders of these calendars, and follows their changes. Whoever has the link can see them."),
    existing, form, result,
  ]);
  show();

  async function show() {
    try {
      const feeds = /** @type {Feed[]} */ (await list("/feeds"));
      existing.replaceChildren(h("ul", { class: "feed-list" }, feeds.map(itemOf)));
    } catch (error) {
      existing.replaceChildren(explain.words(error));
    }
    existing.removeAttribute("aria-busy");
  }

  /** @param {Feed} feed */
  function itemOf(feed) {
    const shown = feed.calendars.map((id) => names.get(id) ?? id).join(", ");
    const keep = h("button", { class: "small-button", onclick: () => {
      question.replaceWith(remove);
      remove.focus();
    } }, "Keep it");
    const question = h("span", { class: "sure" }, "Its link stops working. ", keep,
      h("button", { class: "danger small-button", onclick: () => drop(feed) }, "Delete it"));
    const remove = h("button", { class: "small-button", onclick: () => {
      remove.replaceWith(question);
      keep.focus();
    } }, "Delete…");
    return h("li", {}, h("div", {}, h("b", {}, feed.name), h("small", {}, shown)), remove);
  }

  /** @param {Feed} feed */
  async function drop(feed) {
    try {
      await json("DELETE", `/feeds/${feed.id}`);
      if (feed.id === created) {
        result.replaceChildren();
      }
    } catch (error) {
      alert.replaceChildren(h("p", {}, explain.words(error)));
    }
    await show();
    name.focus();
  }

  /** @param {Event} event */
  async function create(event) {
    event.preventDefault();
    const chosen = boxes.filter(({ box }) => box.checked).map(({ box }) => box.value);
    if (!name.value.trim() || chosen.length === 0) {
      alert.replaceChildren(h("p", {}, "Enter a name, and choose at least one calendar."));
      return;
    }
    submit.disabled = true;
    try {
      const feed = await json("POST", "/feeds", { body: { name: name.value.trim(), calendars: chosen } });
      alert.replaceChildren();
      form.reset();
      created = feed.id;
      result.replaceChildren(...linkOf(/** @type {string} */ (new URL(feed.url, location.href).href)));
      await show();
    } catch (error) {
      alert.replaceChildren(h("p", {}, explain.words(error)));
    } finally {
      submit.disabled = false;
    }
  }
}

/** @param {string} url */
function linkOf(url) {
  const shown = h("input", { readonly: true, value: url, "aria-label": "The link" });
  const copy = h("button", { onclick: async () => {
    shown.select();
    // Browsers offer the clipboard only to pages that came over TLS or from this machine.
    const copied = navigator.clipboard ? navigator.clipboard.writeText(url) : Promise.resolve(document.execCommand("copy"));
    await copied;
    copy.textContent = "Copied";
  } }, "Copy");
  return [
    h("p", {}, "Copy this link now. It is not shown again."),
    h("div", { class: "pair" }, shown, copy),
    h("a", { class: "subscribe", href: url.replace(/^https?:/, "webcal:") }, "Subscribe in a calendar program"),
  ];
}
