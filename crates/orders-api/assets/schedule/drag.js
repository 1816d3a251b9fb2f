/** Moves orders with the mouse or a pen. A finger scrolls; it moves orders with the form. */

import { STEP, snap } from "./layout.js";
import { Preview } from "./preview.js";
import { sameTime } from "./rows.js";

/** A press that moves less, in pixels, is a click. */
const SLACK = 5;

/** So close to an edge, in pixels, the board scrolls. */
const EDGE = 48;

/**
 * @typedef {object} Press
 * @property {number} x
 * @property {number} y
 * @property {number} grip from the start of the order to the pointer, in milliseconds
 * @property {HTMLElement} block
 * @property {import("./rows.js").Row} row
 * @property {import("./orders.js").Known} order
 */

/**
 * Lets orders be dragged.
 * @param {import("./board.js").Board} board
 * @param {(preview: Preview) => void} drop
 */
export function enableDrag(board, drop) {
  /** @type {Press | null} */
  let press = null;
  /** @type {Preview | null} */
  let preview = null;
  let last = { x: 0, y: 0 };
  let frame = 0;
  /** Whether the press that goes on, or has just ended, has dragged an order. */
  let hasDragged = false;

  board.body.addEventListener("pointerdown", (event) => {
    const block = /** @type {Element} */ (event.target).closest(".block");
    const row = board.rows[board.indexAt(event.clientY)];
    if (!(block instanceof HTMLElement) || !row || !board.look.writable || event.button !== 0 || event.pointerType === "touch") {
      return;
    }
    const order = board.orders.get(block.dataset.order ?? "");
    if (order && !block.closest(".saving")) {
      const grip = board.instantAt(row, event.clientX) - order.start;
      press = { x: event.clientX, y: event.clientY, grip, block, row, order };
    }
  });

  window.addEventListener("pointermove", (event) => {
    if (!press) {
      return;
    }
    if (event.buttons === 0 || !press.block.isConnected) {
      // The button was released where the page could not see it, or the order has gone.
      release(false);
      return;
    }
    last = { x: event.clientX, y: event.clientY };
    if (!preview && Math.hypot(last.x - press.x, last.y - press.y) > SLACK) {
      preview = new Preview(board, /** @type {HTMLElement} */ (press.block.parentElement), press.row, press.order);
      press.block.setPointerCapture(event.pointerId);
      hasDragged = true;
      frame = requestAnimationFrame(scroll);
    }
    follow();
  });

  window.addEventListener("pointerup", () => release(true));
  window.addEventListener("pointercancel", () => release(false));
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && preview) {
      event.preventDefault();
      end(false);
    }
  });

  // A press ends with a click on the order, which opens it unless it was dragged.
  board.body.addEventListener("click", (event) => {
    if (hasDragged) {
      event.stopImmediatePropagation();
      event.preventDefault();
    }
  }, { capture: true });

  /** @param {boolean} drops */
  function release(drops) {
    end(drops);
    // The click follows at once.
    setTimeout(() => {
      hasDragged = false;
    });
  }

  function follow() {
    if (!press || !preview) {
      return;
    }
    const index = Math.min(Math.max(board.indexAt(last.y), 0), board.rows.length - 1);
    const row = board.rows[index];
    if (Math.abs(last.x - press.x) <= SLACK) {
      preview.show({ row, start: sameTime(board.look.zone, press.row, row, press.order.start) });
      return;
    }
    const start = snap(board.instantAt(row, last.x) - press.grip, row.from);
    preview.show({ row, start: Math.min(Math.max(start, row.from), row.to - STEP) });
  }

  function scroll() {
    if (!preview) {
      return;
    }
    const box = board.element.getBoundingClientRect();
    const by = (/** @type {number} */ at, /** @type {number} */ low, /** @type {number} */ high) =>
      at < low + EDGE ? -8 : at > high - EDGE ? 8 : 0;
    const { scrollLeft, scrollTop } = board.element;
    board.element.scrollLeft += by(last.x, box.left + board.labelWidth, box.right);
    board.element.scrollTop += by(last.y, box.top + board.headHeight, box.bottom);
    if (board.element.scrollLeft !== scrollLeft || board.element.scrollTop !== scrollTop) {
      follow();
    }
    frame = requestAnimationFrame(scroll);
  }

  /** @param {boolean} drops */
  function end(drops) {
    cancelAnimationFrame(frame);
    const ended = preview;
    press = null;
    preview = null;
    if (!ended) {
      return;
    }
    if (drops && ended.isMove) {
      drop(ended);
    } else {
      ended.end();
    }
  }
}
