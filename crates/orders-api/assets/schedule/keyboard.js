/**
 * The keys of the board: arrows go from item to item and from row to row, with Shift they move an order, and Delete
 * cancels it.
 */

import { attribute } from "./dom.js";
import { STEP } from "./layout.js";
import { Preview } from "./preview.js";
import { sameTime } from "./rows.js";

/** @type {Record<string, [number, number]>} Steps to the right and down. */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** A move ends when Shift is released or, for keyboards that do not report that, after so long without another step. */
const SETTLED = 1500;

/**
 * @param {import("./board.js").Board} board
 * @param {{ drop: (preview: Preview) => void, cancel: (order: string) => void, say: (words: string) => void }} listener
 */
export function enableKeys(board, listener) {
  /** @type {Preview | null} */
  let preview = null;
  let timer = 0;

  board.body.addEventListener("keydown", (event) => {
    const item = /** @type {HTMLElement} */ (event.target);
    const arrow = ARROWS[event.key];
    const order = board.orders.get(item.dataset.order ?? "");
    if (event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    if (arrow && event.shiftKey && order && board.look.writable) {
      event.preventDefault();
      move(item, order, arrow);
    } else if (preview && event.key === "Escape") {
      event.preventDefault();
      end(false);
    } else if (preview && event.key === "Enter") {
      event.preventDefault();
      end(true);
    } else if (arrow && !event.shiftKey) {
      event.preventDefault();
      go(item, arrow);
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      const items = itemsOf(item);
      items.at(event.key === "Home" ? 0 : -1)?.focus();
    } else if (event.key === "Delete" && order && board.look.writable) {
      event.preventDefault();
      listener.cancel(order.id);
    }
  });

  window.addEventListener("keyup", (event) => {
    if (event.key === "Shift") {
      end(true);
    }
  });

  board.body.addEventListener("focusout", () => end(true));

  // One item at a time can be reached with Tab.
  board.body.addEventListener("focusin", (event) => {
    const item = /** @type {HTMLElement} */ (event.target);
    board.body.querySelectorAll('[tabindex="0"]').forEach((other) => attribute(other, "tabindex", "-1"));
    attribute(item, "tabindex", "0");
  });

  /**
   * @param {HTMLElement} item
   * @param {import("./orders.js").Known} order
   * @param {[number, number]} arrow
   */
  function move(item, order, [right, down]) {
    const cell = /** @type {HTMLElement} */ (item.closest(".order"));
    if (cell.classList.contains("saving")) {
      return;
    }
    const row = board.rows[indexOf(item)];
    preview ??= new Preview(board, cell, row, order);
    const { row: at, start } = preview.target;
    const index = Math.min(Math.max(board.indexOf(at.key) + down, 0), board.rows.length - 1);
    const target = board.rows[index];
    preview.show({ row: target, start: sameTime(board.look.zone, at, target, start) + right * STEP });
    board.reveal(index);
    board.include(target, preview.target.start);
    listener.say(preview.words);
    clearTimeout(timer);
    timer = window.setTimeout(() => end(true), SETTLED);
  }

  /** @param {boolean} drops */
  function end(drops) {
    const ended = preview;
    preview = null;
    clearTimeout(timer);
    if (drops && ended?.isMove) {
      listener.drop(ended);
    } else {
      ended?.end();
    }
  }

  /**
   * Focuses the next item in that direction; in another row, the nearest.
   * @param {HTMLElement} item
   * @param {[number, number]} arrow
   */
  function go(item, [right, down]) {
    if (right) {
      const items = itemsOf(item);
      const next = items[items.indexOf(item) + right];
      next?.focus({ preventScroll: true });
      next?.scrollIntoView({ block: "nearest", inline: "nearest" });
      return;
    }
    const index = indexOf(item) + down;
    if (index < 0 || index >= board.rows.length) {
      return;
    }
    const items = itemsOf(/** @type {HTMLElement} */ (board.reveal(index)?.element));
    const distance = (/** @type {HTMLElement} */ it) => {
      const isName = it.classList.contains("name");
      return isName === item.classList.contains("name") ? Math.abs(middle(it) - middle(item)) : Infinity;
    };
    const nearest = items.reduce((best, it) => (distance(it) < distance(best) ? it : best), items[0]);
    nearest?.focus({ preventScroll: true });
  }

  /** @param {HTMLElement} item */
  function indexOf(item) {
    const row = /** @type {HTMLElement} */ (item.closest(".row"));
    return board.indexOf(row.dataset.key ?? "");
  }
}

/** @param {HTMLElement} item */
function middle(item) {
  const { left, width } = item.getBoundingClientRect();
  return left + width / 2;
}

/**
 * The items of a row, from the left.
 * @param {HTMLElement} inside
 * @returns {HTMLElement[]}
 */
function itemsOf(inside) {
  return [.../** @type {HTMLElement} */ (inside.closest(".row")).querySelectorAll("button")];
}
