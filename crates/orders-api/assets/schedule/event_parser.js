/**
 * Events of a `text/event-stream`, from pieces of text that may end anywhere.
 *
 * @typedef {{ id: string, data: string }} ServerEvent `data` is empty if the event only advances the cursor
 */
export class EventParser {
  #rest = "";
  #id = "";
  /** @type {string[]} */
  #data = [];

  /**
   * The events that this text completes.
   * @param {string} piece
   * @returns {ServerEvent[]}
   */
  push(piece) {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = lines.pop() ?? "";
    const events = [];
    for (const line of lines) {
      const [field, value] = split(line.replace(/\r$/, ""));
      if (field === "id") {
        this.#id = value;
      } else if (field === "data") {
        this.#data.push(value);
      } else if (field === "" && this.#id) {
        events.push({ id: this.#id, data: this.#data.join("\n") });
        this.#data = [];
      }
    }
    return events;
  }
}

/** @param {string} line */
function split(line) {
  const colon = line.indexOf(":");
  if (colon < 0) {
    return [line, ""];
  }
  // A comment has an empty name too, but it does not end an event.
  return [colon === 0 ? ":" : line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}
