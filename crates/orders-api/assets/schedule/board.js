/** The board: an axis of hours, and those rows of a view that can be seen. */

import { attribute, h, style, text } from "./dom.js";
import * as format from "./format.js";
import { ZOOMS, legibleZoom, narrowestHour, place, taken, visible } from "./layout.js";
import { RowView } from "./row_view.js";
import { HOUR } from "./zone.js";

/**
 * @typedef {import("./rows.js").Row} Row
 * @typedef {import("./row_view.js").Look} Look
 * @typedef {import("./api.js").Interval} Interval
 * @typedef {{ order?: string, free?: string }} Item the id of an order, or the beginning of a free interval
 */

export class Board {
  /** @type {Row[]} */
  rows = [];
  /** @type {Map<string, number>} */
  #index = new Map();
  /** @type {Map<string, RowView>} */
  #views = new Map();
  /** @type {Map<string, Interval[]>} */
  #free = new Map();
  /** @type {Set<string>} */
  #failed = new Set();
  /** @type {number | null} The index of the width that was chosen. */
  #zoom = null;
  #frame = 0;
  /** All in pixels. */
  rowHeight = 64;
  labelWidth = 200;
  headHeight = 40;
  hourWidth = 0;
  /** @type {Row | null} The one from which an order is being moved. */
  moving = null;

  /**
   * @param {HTMLElement} element
   * @param {import("./orders.js").Orders} orders
   * @param {{ seen: (rows: Row[]) => void }} listener
   */
  constructor(element, orders, listener) {
    this.element = element;
    this.orders = orders;
    this.listener = listener;
    /** @type {Look} */
    this.look = { zone: "UTC", view: "day", writable: false, service: (id) => id, angle: () => 0 };
    this.axis = h("div", { class: "axis", role: "columnheader" });
    this.nowMark = h("span", { class: "now-mark", hidden: "" });
    this.corner = h("div", { class: "corner", role: "columnheader" });
    this.body = h("div", { class: "rows", role: "rowgroup" });
    element.append(
      h("div", { class: "head", role: "rowgroup" }, h("div", { class: "heading", role: "row" }, this.corner, this.axis)),
      this.body,
    );
    element.addEventListener("scroll", () => this.render(), { passive: true });
    new ResizeObserver(() => this.#resize()).observe(element);
  }

  /**
   * Shows other rows, or the same in another way.
   * @param {Row[]} rows
   * @param {Look} look
   */
  show(rows, look) {
    const focused = this.#focusedKeys();
    this.rows = rows;
    this.#index = new Map(rows.map((row, index) => [row.key, index]));
    this.look = look;
    this.#views.clear();
    this.body.replaceChildren();
    attribute(this.element, "aria-rowcount", rows.length + 1);
    attribute(this.element, "aria-busy", "true");
    this.#resize();
    this.renderNow();
    if (focused) {
      this.focus(focused.row, focused.item);
    }
  }

  /** Forgets when rows are free. */
  forget() {
    this.#free.clear();
    this.#failed.clear();
  }

  /** @returns {{ row: string, item: Item } | null} */
  #focusedKeys() {
    const focused = document.activeElement;
    if (!(focused instanceof HTMLElement) || !this.body.contains(focused)) {
      return null;
    }
    const row = /** @type {HTMLElement} */ (focused.closest(".row"));
    return { row: row.dataset.key ?? "", item: { order: focused.dataset.order, free: focused.dataset.free } };
  }

  /**
   * Stores when a row is free.
   * @param {Row} row
   * @param {Interval[]} free
   */
  setFree(row, free) {
    this.#free.set(row.key, free);
    this.#failed.delete(row.key);
    this.render();
  }

  /** @param {Row} row */
  setFailed(row) {
    this.#failed.add(row.key);
    this.render();
  }

  /**
   * The free intervals of a row.
   * @param {Row} row
   */
  freeOf(row) {
    return this.#free.get(row.key) ?? [];
  }

  /** Renders before the next frame. */
  render() {
    this.#frame ||= requestAnimationFrame(() => this.renderNow());
  }

  /** Renders the rows that can be seen. */
  renderNow() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    style(this.body, { height: `${this.rows.length * this.rowHeight}px` });
    // The browser limits the position to the new height.
    const { scrollTop, clientHeight } = this.element;
    const { first, last } = visible({ scrollTop, height: clientHeight, rowHeight: this.rowHeight, count: this.rows.length });
    const seen = this.rows.slice(first, last);
    const focused = this.#focusedKeys();
    const now = Date.now();
    let previous = null;
    const shown = new Set();
    for (const [index, row] of this.#kept(first, last, focused?.row)) {
      const view = this.#viewOf(row, index);
      shown.add(row.key);
      this.#update(view, now);
      const next = /** @type {Element | null} */ (previous ? previous.nextElementSibling : this.body.firstElementChild);
      if (next !== view.element) {
        this.body.insertBefore(view.element, next);
      }
      previous = view.element;
    }
    for (const [key, view] of this.#views) {
      if (!shown.has(key)) {
        view.element.remove();
        this.#views.delete(key);
      }
    }
    this.#renderNowOnAxis(now);
    this.#keepFocus(focused);
    this.listener.seen(seen);
  }

  /**
   * The rows that are on the page, with their indices: those that can be seen, the one with the focus, and the one from
   * which an order is being moved.
   * @param {number} first
   * @param {number} last
   * @param {string} [focused]
   * @returns {[number, Row][]}
   */
  #kept(first, last, focused) {
    const indices = new Set([this.#index.get(focused ?? ""), this.#index.get(this.moving?.key ?? "")]);
    for (let index = first; index < last; index += 1) {
      indices.add(index);
    }
    const sorted = /** @type {number[]} */ ([...indices].filter((index) => index !== undefined)).sort((a, b) => a - b);
    return sorted.map((index) => [index, this.rows[index]]);
  }

  /**
   * @param {Row} row
   * @param {number} index
   */
  #viewOf(row, index) {
    let view = this.#views.get(row.key);
    if (!view) {
      view = new RowView(row, this.look);
      this.#views.set(row.key, view);
      attribute(view.element, "aria-rowindex", index + 2);
      style(view.element, { top: `${index * this.rowHeight}px` });
    }
    return view;
  }

  /**
   * @param {RowView} view
   * @param {number} now
   */
  #update(view, now) {
    const { row } = view;
    const reach = row.gap || HOUR;
    const orders = this.orders.between(row.calendar.id, row.from - reach, row.to);
    view.update({
      orders: orders.filter((order) => place(row, taken(order.start, row.gap))),
      free: this.#free.get(row.key) ?? null,
      failed: this.#failed.has(row.key),
      now,
    });
  }

  /**
   * If what had the focus has gone, its row gets it. One button of the board can be reached with Tab, the others from
   * there with the arrow keys.
   * @param {{ row: string, item: Item } | null} focused
   */
  #keepFocus(focused) {
    if (focused && !this.body.contains(document.activeElement)) {
      this.focus(focused.row, focused.item);
    }
    if (!this.body.querySelector('[tabindex="0"]')) {
      this.body.querySelector("button")?.setAttribute("tabindex", "0");
    }
  }

  /**
   * Focuses an order, wherever it is now, or a free time of a row, or else the row itself.
   * @param {string} rowKey
   * @param {Item} [item]
   */
  focus(rowKey, { order, free } = {}) {
    const row = this.#views.get(rowKey)?.element;
    const find = (/** @type {Element | undefined} */ inside, /** @type {string} */ name, /** @type {string | undefined} */ value) =>
      value && inside?.querySelector(`[data-${name}="${CSS.escape(value)}"]`);
    const found = find(row, "order", order) || find(this.body, "order", order) || find(row, "free", free);
    /** @type {HTMLElement | null | undefined} */ (found || row?.querySelector(".name"))?.focus({ preventScroll: true });
  }

  /**
   * The index of the row with this key, or -1.
   * @param {string} key
   */
  indexOf(key) {
    return this.#index.get(key) ?? -1;
  }

  /**
   * The view of a row, if it is on the page.
   * @param {Row} row
   */
  viewOf(row) {
    return this.#views.get(row.key);
  }

  /**
   * Scrolls until a row is on the page, and returns its view.
   * @param {number} index
   */
  reveal(index) {
    const top = index * this.rowHeight;
    const { scrollTop, clientHeight } = this.element;
    const room = clientHeight - this.headHeight;
    if (top < scrollTop) {
      this.element.scrollTop = top;
    } else if (top + this.rowHeight > scrollTop + room) {
      this.element.scrollTop = top + this.rowHeight - room;
    }
    this.renderNow();
    return this.#views.get(this.rows[index].key);
  }

  /**
   * Scrolls so that an instant is near the beginning of what can be seen.
   * @param {Row} row
   * @param {number} instant
   */
  scrollTo(row, instant) {
    const left = ((instant - row.from) / HOUR) * this.hourWidth;
    this.element.scrollLeft = left - this.hourWidth;
  }

  /**
   * Shows an instant, if it cannot be seen.
   * @param {Row} row
   * @param {number} instant
   */
  include(row, instant) {
    const left = ((instant - row.from) / HOUR) * this.hourWidth;
    const room = this.element.clientWidth - this.labelWidth;
    const { scrollLeft } = this.element;
    if (left < scrollLeft || left + 2 * this.hourWidth > scrollLeft + room) {
      this.element.scrollLeft = left - room / 3;
    }
  }

  /**
   * The instant at a horizontal position in the window.
   * @param {Row} row
   * @param {number} clientX
   */
  instantAt(row, clientX) {
    const left = this.element.getBoundingClientRect().left + this.labelWidth - this.element.scrollLeft;
    return row.from + ((clientX - left) / this.hourWidth) * HOUR;
  }

  /**
   * The index of the row at a vertical position in the window, which may be before the first or after the last.
   * @param {number} clientY
   */
  indexAt(clientY) {
    return Math.floor((clientY - this.body.getBoundingClientRect().top) / this.rowHeight);
  }

  /**
   * Makes the hours wider or narrower.
   * @param {1 | -1} step
   */
  zoom(step) {
    const middle = (this.element.scrollLeft + (this.element.clientWidth - this.labelWidth) / 2) / this.hourWidth;
    this.#zoom = Math.min(Math.max((this.#zoom ?? this.#legible()) + step, 0), ZOOMS.length - 1);
    this.#resize();
    this.element.scrollLeft = middle * this.hourWidth - (this.element.clientWidth - this.labelWidth) / 2;
  }

  /** Whether the hours can be narrower and wider. */
  get zooms() {
    const zoom = this.#zoom ?? this.#legible();
    return { out: zoom > 0, in: zoom < ZOOMS.length - 1 };
  }

  /** The index of the width with which most orders can be read. */
  #legible() {
    return legibleZoom(this.rows.map(({ gap }) => gap), this.#narrowest());
  }

  #narrowest() {
    return narrowestHour(this.rows, this.element.clientWidth - this.labelWidth);
  }

  #resize() {
    const styles = getComputedStyle(this.element);
    const pixels = (/** @type {string} */ name) => Number.parseFloat(styles.getPropertyValue(name));
    this.rowHeight = pixels("--row-height");
    this.labelWidth = pixels("--label-width");
    this.headHeight = pixels("--head-height");
    this.hourWidth = this.#narrowest() * ZOOMS[this.#zoom ?? this.#legible()];
    style(this.element, { "--hour": `${this.hourWidth}px` });
    this.#renderAxis();
    this.render();
  }

  /** Shows the hours of the day or, above a week, those of most days. */
  #renderAxis() {
    const [first] = this.rows;
    if (!first) {
      this.axis.replaceChildren();
      return;
    }
    const { zone, view } = this.look;
    const shown = view === "week" ? this.rows.find((row) => row.regular) ?? first : first;
    const label = (/** @type {number} */ at) => {
      const hour = h("span", { class: "hour" }, format.minute(zone, at));
      style(hour, { left: `${((at - shown.from) / (shown.to - shown.from)) * 100}%` });
      return hour;
    };
    // The mark stays what it is, or for a frame it would be nowhere.
    this.axis.replaceChildren(h("span", { class: "hidden" }, "Orders and free times"), ...shown.hours.map(label), this.nowMark);
    style(this.axis, { "--hours": String((shown.to - shown.from) / HOUR) });
    const offsets = new Set([format.offset(zone, shown.from), format.offset(zone, shown.to - 1)]);
    this.corner.replaceChildren(h("span", {}, view === "week" ? "Day" : "Calendar"), h("span", {}, [...offsets].join(" → ")));
  }

  /** @param {number} now */
  #renderNowOnAxis(now) {
    const today = this.rows.find((row) => row.from <= now && now < row.to);
    this.nowMark.hidden = !today;
    if (today) {
      const hours = (now - today.from) / HOUR;
      // Near midnight, all of it is still on the axis.
      style(this.nowMark, { left: `clamp(28px, var(--hour) * ${hours}, 100% - 28px)` });
      text(this.nowMark, format.minute(this.look.zone, now));
    }
  }
}
