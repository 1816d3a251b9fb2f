/** Shows where an order would go while it is being moved. */

import { h, style } from "./dom.js";
import * as format from "./format.js";
import { HOUR } from "./zone.js";

/**
 * @typedef {import("./rows.js").Row} Row
 * @typedef {import("./orders.js").Known} Known
 * @typedef {{ row: Row, start: number }} Target
 */

export class Preview {
  #tip = h("span", { class: "tip" });

  /**
   * @param {import("./board.js").Board} board
   * @param {HTMLElement} cell of the order
   * @param {Row} row that the order is in
   * @param {Known} order
   */
  constructor(board, cell, row, order) {
    this.board = board;
    this.cell = cell;
    this.row = row;
    this.order = order;
    /** @type {Target} */
    this.target = { row, start: order.start };
    board.moving = row;
    cell.classList.add("moving");
    cell.append(this.#tip);
  }

  /** Whether the order is still shown, and would not stay where it is. */
  get isMove() {
    // Browsers take the focus from a cell, which ends a move, before they remove it.
    const isShown = this.cell.isConnected && this.board.orders.get(this.order.id) !== undefined;
    return isShown && (this.target.row !== this.row || this.target.start !== this.order.start);
  }

  /**
   * Shows the order there.
   * @param {Target} target
   */
  show(target) {
    this.target = target;
    const { board, row, order } = this;
    const elapsed = (/** @type {Target} */ it) => (it.start - it.row.from) / HOUR;
    const right = (elapsed(target) - elapsed({ row, start: order.start })) * board.hourWidth;
    const down = (board.indexOf(target.row.key) - board.indexOf(row.key)) * board.rowHeight;
    style(this.cell, { translate: `${right}px ${down}px` });
    this.cell.classList.toggle("rejected", this.#isTooClose());
    const { zone, view } = board.look;
    const where = view === "week" ? format.shortDay(target.row.day) : target.row.calendar.name;
    const time = format.timeWithOffset(zone, format.rfc3339(target.start));
    this.#tip.textContent = target.row === row ? time : `${time} · ${where}`;
  }

  /** Whether another order that the page knows is too close; the service decides. */
  #isTooClose() {
    const { row, start } = this.target;
    const near = this.board.orders.between(row.calendar.id, start - row.gap + 1, start + row.gap);
    return near.some(({ id }) => id !== this.order.id);
  }

  /** What the tip says. */
  get words() {
    return this.#tip.textContent ?? "";
  }

  /** Waits for the answer of the service where the order would go. */
  wait() {
    this.cell.classList.add("saving");
  }

  /** Puts the order where it is. */
  end() {
    this.board.moving = null;
    this.#tip.remove();
    this.cell.classList.remove("moving", "saving", "rejected");
    this.cell.style.removeProperty("translate");
    this.board.render();
  }
}
