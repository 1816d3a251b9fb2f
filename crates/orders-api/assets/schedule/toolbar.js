/** The bar above the board. */

import { attribute, byId, h, text } from "./dom.js";
import * as format from "./format.js";
import { isZone } from "./zone.js";

/**
 * @typedef {import("./address.js").Address} Address
 * @typedef {import("./api.js").Calendar} Calendar
 * @typedef {object} Handlers
 * @property {(changes: Partial<Address>) => void} go
 * @property {(step: 1 | -1) => void} step
 * @property {() => void} today
 * @property {(words: string) => void} filter
 * @property {(step: 1 | -1) => void} zoom
 * @property {() => void} book
 * @property {() => void} csv
 * @property {() => void} feeds
 * @property {() => void} key
 */

/** From so many calendars on, there is a field to find one. */
const MANY = 8;

const STATES = {
  connecting: "Connecting…", live: "Live", paused: "Paused", offline: "Offline, trying again", locked: "A key is needed",
};

const button = (/** @type {string} */ id) => /** @type {HTMLButtonElement} */ (byId(id));
const input = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));
const select = (/** @type {string} */ id) => /** @type {HTMLSelectElement} */ (byId(id));

export class Toolbar {
  /** @param {Handlers} handlers */
  constructor(handlers) {
    const on = (/** @type {string} */ id, /** @type {string} */ event, /** @type {() => void} */ run) => byId(id).addEventListener(event, run);
    on("previous", "click", () => handlers.step(-1));
    on("next", "click", () => handlers.step(1));
    on("today", "click", () => handlers.today());
    // While somebody types a year, its first digits are a year, too.
    on("day", "change", () => input("day").validity.valid && handlers.go({ day: input("day").value }));
    on("view-day", "click", () => handlers.go({ view: "day" }));
    on("view-week", "click", () => handlers.go({ view: "week" }));
    on("calendar", "change", () => handlers.go({ calendar: select("calendar").value }));
    on("zone", "change", () => handlers.go({ zone: select("zone").value }));
    on("filter", "input", () => handlers.filter(input("filter").value));
    on("book", "click", () => handlers.book());
    on("csv", "click", () => handlers.csv());
    on("feeds", "click", () => handlers.feeds());
    on("key", "click", () => handlers.key());
    on("narrower", "click", () => handlers.zoom(-1));
    on("wider", "click", () => handlers.zoom(1));
  }

  /**
   * Shows which widths of an hour are left.
   * @param {{ out: boolean, in: boolean }} possible
   */
  zooms(possible) {
    button("narrower").disabled = !possible.out;
    button("wider").disabled = !possible.in;
  }

  /**
   * Shows where the board is.
   * @param {Address} address
   * @param {Calendar[]} calendars
   * @param {{ from: string, to: string, offset: string }} shown the first and the last day, and the offset of the zone
   */
  show(address, calendars, { from, to, offset }) {
    const isWeek = address.view === "week";
    const name = calendars.find(({ id }) => id === address.calendar)?.name ?? "";
    const title = isWeek ? format.week(from, to) : format.longDay(from);
    text(byId("title"), title);
    document.title = `${title}${isWeek ? ` · ${name}` : ""} · Schedule`;
    input("day").value = address.day;
    attribute(byId("previous"), "aria-label", isWeek ? "Previous week" : "Previous day");
    attribute(byId("next"), "aria-label", isWeek ? "Next week" : "Next day");
    attribute(byId("view-day"), "aria-pressed", String(!isWeek));
    attribute(byId("view-week"), "aria-pressed", String(isWeek));
    byId("calendar-choice").hidden = !isWeek;
    byId("filter-field").hidden = isWeek || calendars.length < MANY;
    this.#zones(address.zone, offset);
    if (isWeek) {
      select("calendar").replaceChildren(...calendars.map((it) => h("option", { value: it.id }, it.name)));
      select("calendar").value = address.calendar;
    }
  }

  /**
   * @param {string} zone
   * @param {string} offset
   */
  #zones(zone, offset) {
    const zones = select("zone");
    if (zones.options.length === 0) {
      const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
      const all = new Set([here, "UTC", ...Intl.supportedValuesOf("timeZone")].filter(isZone));
      zones.append(...[...all].map((name) => h("option", { value: name }, name.replaceAll("_", " "))));
    }
    const known = [...zones.options];
    known.forEach((option) => text(option, option.value.replaceAll("_", " ")));
    const chosen = known.find(({ value }) => value === zone) ?? zones.appendChild(h("option", { value: zone }));
    text(chosen, `${zone.replaceAll("_", " ")} (${offset})`);
    zones.value = zone;
  }

  /**
   * Shows what the key permits.
   * @param {import("./api.js").Access} access
   * @param {boolean} hasKey
   */
  permit({ client, scope }, hasKey) {
    byId("book").hidden = scope === "read";
    byId("feeds").hidden = scope !== "admin";
    byId("key").hidden = client === undefined && !hasKey;
    attribute(byId("key"), "title", client ? `The key of ${client}` : "The API key");
  }

  /**
   * Shows whether changes arrive.
   * @param {import("./change_stream.js").State} state
   */
  connection(state) {
    const place = byId("connection");
    place.dataset.state = state;
    text(/** @type {Element} */ (place.lastElementChild), STATES[state]);
  }
}
