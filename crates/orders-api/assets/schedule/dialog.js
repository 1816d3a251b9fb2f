/** Dialogs. The browser keeps the focus inside, and closes them with Escape. */

import { h } from "./dom.js";

/**
 * Opens a dialog.
 * @param {string} title
 * @param {(Node | string)[]} content
 * @param {{ closed?: () => void }} [options]
 */
export function open(title, content, { closed } = {}) {
  const heading = h("h2", { id: "dialog-title", tabindex: "-1" }, title);
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" },
    h("header", {}, heading, h("button", { class: "icon-button", "aria-label": "Close", onclick: () => dialog.close() }, "×")),
    ...content);
  dialog.addEventListener("close", () => {
    dialog.remove();
    closed?.();
  });
  // A click beside the dialog closes it.
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog && isOutside(dialog, event)) {
      dialog.close();
    }
  });
  document.querySelectorAll("dialog").forEach((other) => /** @type {HTMLDialogElement} */ (other).close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * @param {HTMLElement} element
 * @param {PointerEvent} event
 */
function isOutside(element, { clientX, clientY }) {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}

/**
 * A label and what it names.
 * @param {string} label
 * @param {HTMLElement} control
 * @param {string} [hint]
 */
export function field(label, control, hint) {
  return h("label", { class: "field" }, h("span", {}, label, hint ? h("small", {}, ` ${hint}`) : null), control);
}

/**
 * A place for what is wrong, which screen readers say when it appears.
 */
export function alertPlace() {
  return h("div", { class: "alert", role: "alert" });
}
