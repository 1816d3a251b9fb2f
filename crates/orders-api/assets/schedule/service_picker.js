/** Chooses the services of an order, in the sequence in which they are ticked. */

import { h } from "./dom.js";

/** From so many services on, there is a field to search them. */
const MANY = 9;

/** The service accepts no more in an order. */
export const MOST = 32;

let count = 0;

export class ServicePicker {
  /** @type {string[]} */
  #chosen;

  /**
   * @param {import("./api.js").Service[]} services
   * @param {string[]} chosen
   */
  constructor(services, chosen) {
    this.#chosen = [...chosen];
    const known = new Set(services.map(({ id }) => id));
    const all = [...chosen.filter((id) => !known.has(id)).map((id) => ({ id, name: id })), ...services];
    this.items = all.map(({ id, name }) => {
      const box = h("input", { type: "checkbox", value: id, onchange: () => this.#toggle(id, box.checked) });
      box.checked = chosen.includes(id);
      const item = h("label", {}, box, name);
      return { item, words: `${name} ${id}`.toLowerCase() };
    });
    const legend = `services-${(count += 1)}`;
    this.element = h("div", { class: "field", role: "group", "aria-labelledby": legend },
      h("span", { id: legend }, "Services"),
      all.length >= MANY && h("input", {
        type: "search", placeholder: "Search services", "aria-label": "Search services", oninput: this.#search.bind(this),
      }),
      h("div", { class: "services", tabindex: all.length >= MANY ? "0" : undefined }, this.items.map(({ item }) => item)));
    if (all.length === 0) {
      this.element.append(h("p", { class: "note" }, "There are no services yet."));
    }
  }

  get value() {
    return this.#chosen.map((id) => ({ id }));
  }

  focus() {
    this.element.querySelector("input")?.focus();
  }

  /**
   * @param {string} id
   * @param {boolean} isChosen
   */
  #toggle(id, isChosen) {
    this.#chosen = this.#chosen.filter((other) => other !== id);
    if (isChosen) {
      this.#chosen.push(id);
    }
  }

  /** @param {Event} event */
  #search(event) {
    const wanted = /** @type {HTMLInputElement} */ (event.target).value.trim().toLowerCase();
    this.items.forEach(({ item, words }) => {
      item.hidden = !words.includes(wanted);
    });
  }
}
