/** One row of the board on the page. */

import { attribute, h, style, text } from "./dom.js";
import * as format from "./format.js";
import { lanes, place, taken } from "./layout.js";
import { HOUR } from "./zone.js";

/**
 * @typedef {import("./rows.js").Row} Row
 * @typedef {import("./orders.js").Known} Known
 * @typedef {import("./api.js").Interval} Interval
 * @typedef {object} Content
 * @property {Known[]} orders those that are in the row, by time
 * @property {Interval[] | null} free `null` while it is not known
 * @property {boolean} failed
 * @property {number} now
 * @typedef {object} Look what all rows have in common
 * @property {string} zone
 * @property {"day" | "week"} view
 * @property {boolean} writable
 * @property {(id: string) => string} service the name of a service
 * @property {(id: string) => number} angle its colour, as an angle on the colour wheel
 */

export class RowView {
  /** @type {Map<string, HTMLElement>} The cells by what they show. */
  #cells = new Map();
  #now = h("i", { class: "now" });
  #gone = h("i", { class: "gone" });

  /**
   * @param {Row} row
   * @param {Look} look
   */
  constructor(row, look) {
    this.row = row;
    this.look = look;
    this.name = h("button", { class: "name", tabindex: "-1" });
    this.track = h("div", { class: "track" }, ...this.#ticks());
    this.element = h("div", { class: "row", role: "row", "data-key": row.key },
      h("div", { class: "label", role: "rowheader" }, this.name), this.track);
    style(this.track, { "--hours": String((row.to - row.from) / HOUR) });
    this.#title();
  }

  /**
   * Shows this content. Elements of what was shown before are kept, and with them the focus.
   * @param {Content} content
   */
  update({ orders, free, failed, now }) {
    attribute(this.element, "aria-busy", free === null && !failed ? "true" : undefined);
    this.element.classList.toggle("failed", failed);
    const spans = orders.map((order) => taken(order.start, this.row.gap));
    const { assigned, count } = lanes(spans);
    /** @type {[string, number, () => HTMLElement, (cell: HTMLElement) => void][]} */
    const wanted = [];
    for (const interval of free ?? []) {
      const span = { from: Date.parse(interval.from), to: Date.parse(interval.to) };
      wanted.push([`free ${interval.from}`, span.from, () => this.#newFree(interval), (cell) => {
        this.#position(cell, span);
        this.#updateFree(cell, interval);
      }]);
    }
    orders.forEach((order, index) => {
      wanted.push([`order ${order.id}`, order.start, () => this.#newOrder(order), (cell) => {
        this.#position(cell, spans[index]);
        style(cell, { "--lane": String(assigned[index]), "--lanes": String(count) });
        this.#updateOrder(cell, order);
      }]);
    });
    wanted.sort((a, b) => a[1] - b[1]);
    this.#reconcile(wanted);
    const at = place(this.row, { from: now, to: now + 1 });
    this.#now.hidden = !at;
    style(this.#now, { left: `${at?.left ?? 0}%` });
    style(this.#gone, { width: `${now >= this.row.to ? 100 : at?.left ?? 0}%` });
  }

  /** @param {[string, number, () => HTMLElement, (cell: HTMLElement) => void][]} wanted */
  #reconcile(wanted) {
    const keys = new Set(wanted.map(([key]) => key));
    for (const [key, cell] of this.#cells) {
      if (!keys.has(key)) {
        cell.remove();
        this.#cells.delete(key);
      }
    }
    let previous = /** @type {Element} */ (this.#now);
    for (const [key, , make, update] of wanted) {
      const cell = this.#cells.get(key) ?? make();
      this.#cells.set(key, cell);
      update(cell);
      // Moving an element in the document would take the focus from it.
      if (previous.nextElementSibling !== cell) {
        previous.after(cell);
      }
      previous = cell;
    }
  }

  #title() {
    const { row, look } = this;
    const hours = (row.to - row.from) / HOUR;
    const [title, small, hint] = look.view === "week"
      ? [format.shortDay(row.day), hours === 24 ? "" : `${hours} hours`, `Show all calendars on ${format.longDay(row.day)}`]
      : [row.calendar.name, row.gap ? `${format.inWords(row.gap)} apart` : "", `Show the week of ${row.calendar.name}`];
    this.name.append(h("span", { class: "title" }, title), small && h("span", { class: "small" }, small));
    attribute(this.name, "title", hint);
  }

  /** The lines of the hours, and the changes of the clocks. */
  #ticks() {
    const { row, look } = this;
    const left = (/** @type {number} */ at) => ({ left: `${((at - row.from) / (row.to - row.from)) * 100}%` });
    const lines = row.hours.map((at) => {
      // The axis above the week is that of most days.
      const hour = look.view === "week" && !row.regular ? format.minute(look.zone, at).slice(0, 2) : undefined;
      const line = h("i", { class: "tick", "data-hour": hour });
      style(line, left(at));
      return line;
    });
    const changes = row.changes.map(({ at, by }) => {
      const way = `Clocks go ${by > 0 ? "forward" : "back"} ${format.inWords(Math.abs(by))}`;
      const mark = h("i", { class: "change", title: way }, h("span", {}, way));
      style(mark, left(at));
      return mark;
    });
    return [...lines, ...changes, this.#gone, this.#now];
  }

  /**
   * @param {HTMLElement} cell
   * @param {import("./layout.js").Span} span
   */
  #position(cell, span) {
    const at = place(this.row, span);
    // An order that is being moved stays under the mouse, wherever it is now.
    if (at && !cell.classList.contains("moving")) {
      style(cell, { left: `${at.left}%`, width: `${at.width}%` });
      cell.classList.toggle("before", at.before);
      cell.classList.toggle("after", at.after);
    }
  }

  /** @param {Interval} interval */
  #newFree(interval) {
    const { from } = interval;
    const inner = this.look.writable
      ? h("button", { tabindex: "-1", "data-free": from })
      : h("span", { class: "hidden" });
    return h("div", { class: "free", role: "gridcell" }, inner);
  }

  /**
   * @param {HTMLElement} cell
   * @param {Interval} interval
   */
  #updateFree(cell, interval) {
    if (cell.dataset.to === interval.to) {
      return;
    }
    cell.dataset.to = interval.to;
    const { zone, view, writable } = this.look;
    const to = Date.parse(interval.to) >= this.row.to ? "the end of the day" : format.timeWithOffset(zone, format.justBefore(interval.to));
    const where = view === "week" ? format.longDay(this.row.day) : this.row.calendar.name;
    const words = `Free from ${format.timeWithOffset(zone, interval.from)} to ${to}, ${where}`;
    const inner = /** @type {HTMLElement} */ (cell.firstElementChild);
    if (writable) {
      attribute(inner, "aria-label", `${words}: book`);
    } else {
      text(inner, words);
    }
  }

  /** @param {Known} order */
  #newOrder(order) {
    return h("div", { class: "order", role: "gridcell" },
      h("button", { class: "block", tabindex: "-1", "data-order": order.id },
        h("span", { class: "lines" },
          h("span", { class: "when" }, h("b"), h("small")), h("span", { class: "what" }), h("span", { class: "more" })),
        h("span", { class: "hidden" })));
  }

  /**
   * @param {HTMLElement} cell
   * @param {Known} order
   */
  #updateOrder(cell, order) {
    const { zone, service, angle } = this.look;
    const block = /** @type {HTMLElement} */ (cell.firstElementChild);
    if (block.dataset.version === String(order.version) && block.dataset.known === String(this.#known(order))) {
      return;
    }
    const isNew = block.dataset.version !== undefined && block.dataset.version !== String(order.version);
    block.dataset.version = String(order.version);
    block.dataset.known = String(this.#known(order));
    const services = order.services.map(({ id }) => service(id)).join(", ");
    const day = order.start < this.row.from ? `${format.earlierDay(zone, order.start, this.row.from)} ` : "";
    const [lines, rest] = block.children;
    const [when, what, more] = /** @type {HTMLElement[]} */ ([...lines.children]);
    const [time, offset] = /** @type {HTMLElement[]} */ ([...when.children]);
    text(time, `${day}${format.minute(zone, order.start)}`);
    text(offset, format.offset(zone, order.start));
    text(what, services);
    more.replaceChildren(h("b", {}, format.money(order.totalfee)), order.reference ? ` · ${order.reference}` : "");
    style(cell, { "--angle": String(angle(order.services[0]?.id ?? "")) });
    const [date] = format.dateTime(zone, order.datetime).split(", ");
    text(rest, `, ${date}, ${this.row.calendar.name}`);
    attribute(block, "title", [
      format.dateTime(zone, order.datetime), services, `Fee ${format.money(order.totalfee)}`,
      order.reference ? `Reference ${order.reference}` : `Order ${order.id}`,
    ].join("\n"));
    if (isNew) {
      flash(cell);
    }
  }

  /**
   * How many of the order's services have a known name: they are loaded later than the first rows.
   * @param {Known} order
   */
  #known(order) {
    return order.services.filter(({ id }) => this.look.service(id) !== id).length;
  }
}

/**
 * Highlights a cell that has changed for a moment.
 * @param {HTMLElement} cell
 */
function flash(cell) {
  cell.classList.remove("changed");
  requestAnimationFrame(() => cell.classList.add("changed"));
}
