/** A date and a time in a time zone. */

import { field } from "./dialog.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { DAY, dateOf, instantsOf, localAt, midnightOf, offsetAt, transitions } from "./zone.js";

let count = 0;

export class TimeField {
  /** @type {string} The text that the fields stand for, exactly, until they are edited. */
  #exact = "";

  /**
   * @param {string} zone
   * @param {string} datetime RFC 3339
   */
  constructor(zone, datetime) {
    this.zone = zone;
    const edited = { oninput: () => this.#edited() };
    this.date = h("input", { type: "date", min: "0001-01-01", max: "9999-12-31", required: true, ...edited });
    this.time = h("input", { type: "time", step: "any", required: true, ...edited });
    this.which = h("fieldset", { class: "which", hidden: true });
    this.note = h("p", { class: "note" });
    this.element = h("div", { class: "time-field" },
      h("div", { class: "pair" }, field("Date", this.date), field("Time", this.time)), this.which, this.note);
    this.set(datetime);
  }

  /**
   * Shows a time.
   * @param {string} datetime RFC 3339
   */
  set(datetime) {
    const instant = Date.parse(datetime);
    const local = localAt(this.zone, instant);
    this.date.value = dateOf(local);
    this.time.value = new Date(local).toISOString().slice(11, 23).replace(/(:00)?\.000$/, "");
    this.#exact = "";
    this.#edited();
    this.#exact = datetime;
    const choice = this.which.querySelector(`input[value="${instant}"]`);
    if (choice instanceof HTMLInputElement) {
      choice.checked = true;
    }
    this.#tell(instant);
  }

  /**
   * The time as the service takes it; none if it does not exist, or if it is not said which of two is meant.
   * @returns {{ datetime: string } | { wrong: string, at: HTMLElement }}
   */
  get value() {
    if (this.#exact) {
      return { datetime: this.#exact };
    }
    const instants = this.#instants();
    if (instants.length === 0) {
      const isSkipped = this.date.value && this.time.value;
      return { wrong: isSkipped ? this.#skipped() : "Enter a date and a time.", at: this.time };
    }
    const chosen = this.which.querySelector("input:checked");
    if (instants.length > 1 && !(chosen instanceof HTMLInputElement)) {
      const first = /** @type {HTMLElement} */ (this.which.querySelector("input"));
      return { wrong: "The clocks show this time twice. Say which one you mean.", at: first };
    }
    const instant = chosen instanceof HTMLInputElement ? Number(chosen.value) : instants[0];
    return { datetime: format.rfc3339(instant) };
  }

  #local() {
    return midnightOf(this.date.value) + (this.time.value ? Date.parse(`1970-01-01T${this.time.value}Z`) : NaN);
  }

  #instants() {
    const local = this.#local();
    return Number.isNaN(local) ? [] : instantsOf(this.zone, local);
  }

  #edited() {
    this.#exact = "";
    const instants = this.#instants();
    this.which.hidden = instants.length < 2;
    this.which.replaceChildren(...(instants.length < 2 ? [] : this.#choices(instants)));
    if (instants.length === 1) {
      this.#tell(instants[0]);
    } else {
      this.note.textContent = instants.length === 0 && !Number.isNaN(this.#local()) ? this.#skipped() : "";
    }
  }

  /** @param {number[]} instants */
  #choices(instants) {
    const name = `which-${(count += 1)}`;
    const words = ["the first time", "the second time"];
    return [
      h("legend", {}, "The clocks show this time twice. Which one?"),
      ...instants.map((instant, index) => h("label", {},
        h("input", { type: "radio", name, value: instant, onchange: () => this.#chosen(instant) }),
        `${words[index] ?? ""}, ${format.offset(this.zone, instant)}`)),
    ];
  }

  /** @param {number} instant */
  #chosen(instant) {
    this.#exact = "";
    this.#tell(instant);
  }

  /** @param {number} instant */
  #tell(instant) {
    this.note.textContent = `${this.zone}, ${format.offset(this.zone, instant)}`;
  }

  #skipped() {
    const local = this.#local();
    const [skip] = transitions(this.zone, local - DAY, local + DAY).filter(({ by }) => by > 0);
    const at = skip ? ` They go from ${format.minute("UTC", skip.at + offsetAt(this.zone, skip.at - 1))} to ${format.minute(this.zone, skip.at)}.` : "";
    return `The clocks in ${this.zone} do not show this time on this day.${at}`;
  }
}
