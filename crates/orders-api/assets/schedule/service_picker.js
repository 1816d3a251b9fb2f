/** Chooses the services of an order, in the sequence in which they are ticked. */

import { h } from "./dom.js";

/** From so many services on, there is a field to search them. */
const MANY = 9;

const NONE = "There are no services yet.";

let count = 0;

export class ServicePicker {
  /** @type {string[]} */
  #chosen;
  /** @type {{ item: HTMLElement, words: string }[]} */
  #items = [];
  #legend = `services-${(count += 1)}`;

  /**
   * @param {import("./api.js").Service[]} services those that are known
   * @param {string[]} chosen
   * @param {Promise<import("./api.js").Service[]> | null} loading all services, if they are still being loaded
   */
  constructor(services, chosen, loading) {
    this.#chosen = [...chosen];
    this.element = h("div", { class: "field", role: "group", "aria-labelledby": this.#legend });
    this.#show(services, loading ? "Loading…" : NONE);
    loading?.then((all) => this.#show(all, NONE), () => this.#show(services, "They could not be loaded."));
  }

  /**
   * @param {import("./api.js").Service[]} services
   * @param {string} otherwise what is said if there are none
   */
  #show(services, otherwise) {
    const known = new Set(services.map(({ id }) => id));
    const all = [...this.#chosen.filter((id) => !known.has(id)).map((id) => ({ id, name: id })), ...services];
    this.#items = all.map(({ id, name }) => {
      const box = h("input", { type: "checkbox", value: id, onchange: () => this.#toggle(id, box.checked) });
      box.checked = this.#chosen.includes(id);
      const item = h("label", {}, box, name);
      return { item, words: `${name} ${id}`.toLowerCase() };
    });
    const isMany = all.length >= MANY;
    this.element.replaceChildren(
      h("span", { id: this.#legend }, "Services"),
      ...(isMany ? [h("input", {
        type: "search", placeholder: "Search services", "aria-label": "Search services", oninput: this.#search.bind(this),
      })] : []),
      all.length > 0
        ? h("div", { class: "services", tabindex: isMany ? "0" : undefined }, this.#items.map(({ item }) => item))
        : h("p", { class: "note" }, otherwise));
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
    this.#items.forEach(({ item, words }) => {
      item.hidden = !words.includes(wanted);
    });
  }
}
