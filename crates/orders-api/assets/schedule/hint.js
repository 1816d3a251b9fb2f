/** Shows at which time a click would book. */

import { h, style } from "./dom.js";
import * as format from "./format.js";
import { bookable } from "./layout.js";

/**
 * Lets the hint follow the mouse over free times.
 * @param {import("./board.js").Board} board
 */
export function enableHint(board) {
  const hint = h("span", { class: "hint", "aria-hidden": "true" });
  board.body.addEventListener("pointermove", (event) => {
    const free = /** @type {HTMLElement} */ (event.target).closest("button[data-free]");
    const row = board.rows[board.indexAt(event.clientY)];
    const interval = row && board.freeOf(row).find(({ from }) => from === /** @type {HTMLElement | null} */ (free)?.dataset.free);
    if (!interval || event.pointerType === "touch") {
      hint.remove();
      return;
    }
    const at = bookable(interval, board.instantAt(row, event.clientX), row.from);
    const datetime = typeof at === "string" ? at : format.rfc3339(at);
    hint.textContent = `+ ${format.time(board.look.zone, datetime).replace(/\.\d+$/, "")}`;
    style(hint, { left: `${((Date.parse(datetime) - row.from) / (row.to - row.from)) * 100}%` });
    board.viewOf(row)?.track.append(hint);
  });
  board.body.addEventListener("pointerleave", () => hint.remove());
}
