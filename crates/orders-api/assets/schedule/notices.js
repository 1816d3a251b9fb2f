/** What happened, and what can be done about it. */

import { byId, h } from "./dom.js";

/** How long a notice stays that needs no answer. */
const BRIEF = 7_000;

/** Older ones make room. */
const MOST = 3;

/**
 * @typedef {{ label: string, run: () => void, hint?: string }} Action
 */

/**
 * Shows a notice, instead of one with the same words. One about a failure stays until it is closed, or something is done
 * about it.
 * @param {string} words
 * @param {{ actions?: Action[], failure?: boolean }} [options]
 */
export function notify(words, { actions = [], failure = false } = {}) {
  const place = byId("notices");
  const same = [...place.children].find((other) => other.querySelector("p")?.textContent === words);
  same?.remove();
  const notice = h("div", { class: failure ? "notice failure" : "notice" },
    h("p", {}, words),
    h("div", { class: "actions" },
      actions.map(({ label, hint, run }) => h("button", { class: "small-button", title: hint, onclick: () => {
        close();
        run();
      } }, label)),
      h("button", { class: "icon-button", "aria-label": "Close the notice", onclick: () => close() }, "×")));
  const close = () => {
    const hadFocus = notice.contains(document.activeElement);
    notice.remove();
    if (hadFocus) {
      /** @type {HTMLElement | null} */ (byId("board").querySelector('[tabindex="0"]'))?.focus({ preventScroll: true });
    }
  };
  place.append(notice);
  while (place.children.length > MOST) {
    place.firstElementChild?.remove();
  }
  const expire = () => {
    if (notice.contains(document.activeElement) || notice.matches(":hover")) {
      setTimeout(expire, BRIEF);
    } else {
      close();
    }
  };
  if (!failure) {
    setTimeout(expire, BRIEF);
  }
}

/**
 * Makes a screen reader say what others see.
 * @param {string} words
 */
export function say(words) {
  byId("spoken").textContent = words;
}
