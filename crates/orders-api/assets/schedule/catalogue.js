/** What can be booked, and what the key permits. */

import { json, list, pages } from "./api.js";
import { angle } from "./layout.js";

/**
 * @typedef {import("./api.js").Calendar} Calendar
 * @typedef {import("./api.js").Service} Service
 */

export class Catalogue {
  /** @type {import("./api.js").Access} */
  access = { scope: "read" };
  /** @type {Calendar[]} */
  calendars = [];
  /** @type {Map<string, Service & { index: number }>} */
  #services = new Map();

  /** @type {Promise<Service[]> | null} Present while the services are being loaded. */
  loading = null;

  /** Loads what the rows need: the calendars and what the key permits. */
  async load() {
    const calendars = /** @type {Promise<Calendar[]>} */ (list("/calendars?limit=1000"));
    [this.access, this.calendars] = await Promise.all([json("GET", "/access"), calendars]);
  }

  /**
   * Loads the services.
   * @param {() => void} progress called when more of them are known
   */
  async loadServices(progress) {
    this.loading = this.#readServices(progress);
    try {
      await this.loading;
    } finally {
      this.loading = null;
    }
  }

  /** @param {() => void} progress */
  async #readServices(progress) {
    for await (const page of pages("/services?limit=1000")) {
      for (const service of /** @type {Service[]} */ (page)) {
        const index = this.#services.get(service.id)?.index ?? this.#services.size;
        this.#services.set(service.id, { ...service, index });
      }
      progress();
    }
    return this.services;
  }

  get isWritable() {
    return this.access.scope !== "read";
  }

  get services() {
    return [...this.#services.values()];
  }

  /**
   * The calendar with this id.
   * @param {string} id
   */
  calendar(id) {
    return this.calendars.find((calendar) => calendar.id === id);
  }

  /**
   * The name of a calendar, or its id if it is not known.
   * @param {string} id
   */
  calendarName(id) {
    return this.calendar(id)?.name ?? id;
  }

  /**
   * Whether a service with this id is known.
   * @param {string} id
   */
  hasService(id) {
    return this.#services.has(id);
  }

  /**
   * The name of a service, or its id as long as it is not known.
   * @param {string} id
   */
  serviceName(id) {
    return this.#services.get(id)?.name ?? id;
  }

  /**
   * The colour of a service, as an angle on the colour wheel.
   * @param {string} id
   */
  angle(id) {
    return angle(this.#services.get(id)?.index ?? 0);
  }
}
