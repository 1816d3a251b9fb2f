/** Asks for the API key. */

import { Problem, json, key } from "./api.js";
import { alertPlace, field, open } from "./dialog.js";
import { h } from "./dom.js";
import * as explain from "./explain.js";

const REJECTED = "The service does not accept this key.";

/** A header can carry no other characters. */
const SENDABLE = /^[\x21-\x7e]*$/;

/**
 * Opens the form, when the dialog that is open has been closed: what was entered there is not lost.
 * @param {() => void} unlocked
 */
export function askForKey(unlocked) {
  const other = document.querySelector("dialog[open]");
  if (!other) {
    openKeyForm(unlocked);
  } else if (!other.classList.contains("key-form")) {
    other.addEventListener("close", () => askForKey(unlocked), { once: true });
  }
}

/**
 * Opens the form.
 * @param {() => void} unlocked called when another key is to be used, or none
 */
export function openKeyForm(unlocked) {
  const input = h("input", { type: "password", autocomplete: "off", spellcheck: "false", required: true, placeholder: "ordk_…" });
  const alert = alertPlace();
  const submit = h("button", { class: "primary", type: "submit" }, "Use this key");
  const form = h("form", { novalidate: true, onsubmit: async (/** @type {Event} */ event) => {
    event.preventDefault();
    const before = key.get();
    const wanted = input.value.trim();
    if (!SENDABLE.test(wanted)) {
      alert.replaceChildren(h("p", {}, REJECTED));
      return;
    }
    submit.disabled = true;
    try {
      key.set(wanted);
      await json("GET", "/access");
      dialog.close();
      unlocked();
    } catch (error) {
      key.set(before);
      const isRejected = error instanceof Problem && error.status === 401;
      alert.replaceChildren(h("p", {}, isRejected ? REJECTED : explain.words(error)));
      input.focus();
    } finally {
      submit.disabled = false;
    }
  } },
  h("p", {}, "The service asks for an API key. This tab sends it with every request and forgets it when it is closed."),
  field("API key", input), alert,
  h("footer", {}, key.get() && h("button", { type: "button", onclick: () => {
    key.set("");
    dialog.close();
    unlocked();
  } }, "Forget the key"), submit));
  const dialog = open("Key", [form]);
  dialog.classList.add("key-form");
  input.focus();
}
