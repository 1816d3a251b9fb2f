/** A browser, and pages that notice what a page must not do. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

/** The first of these that exists is used. */
const PROGRAMS = [
  process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** Starts the browser. Its profile is empty and is removed at the end. */
export function launch() {
  const executablePath = PROGRAMS.find((program) => program && existsSync(program));
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/**
 * A page of the schedule. `failures` are the statuses of responses that the test causes: browsers report them on the
 * console.
 */
export class Schedule {
  static async open(browser, service, options = {}) {
    const {
      key = service.key, address = {}, width = 1280, height = 800, colorScheme = "light", zone = "Europe/Berlin", failures = [],
      reducedMotion = "no-preference", touch = false,
    } = options;
    const context = await browser.newContext({
      viewport: { width, height }, colorScheme, timezoneId: zone, locale: "en-GB", reducedMotion, hasTouch: touch,
      acceptDownloads: true,
    });
    const schedule = new Schedule(service, context, failures);
    await schedule.#prepare(key);
    await schedule.go(address);
    return schedule;
  }

  constructor(service, context, failures) {
    this.service = service;
    this.context = context;
    this.failures = failures;
    this.wrong = [];
  }

  async #prepare(key) {
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(15_000);
    await this.context.addInitScript((value) => {
      if (location.protocol === "about:") {
        return;
      }
      if (value && !sessionStorage.getItem("orders-key")) {
        sessionStorage.setItem("orders-key", value);
      }
      document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
      new MutationObserver(() => {
        if (!performance.getEntriesByName("ready").length && document.querySelector('#board[aria-busy="false"]')) {
          performance.mark("ready");
        }
      }).observe(document, { subtree: true, attributes: true, attributeFilter: ["aria-busy"] });
    }, key);
    this.page.on("console", (message) => {
      const status = Number(/status of (\d+)/.exec(message.text())?.[1]);
      if (!this.failures.includes(status) && !(this.failures.includes("offline") && /net::/.test(message.text()))) {
        this.wrong.push(`${message.type()}: ${message.text()} ${message.location().url}`);
      }
    });
    this.page.on("pageerror", (error) => this.wrong.push(`error: ${error.stack}`));
    this.page.on("request", (request) => {
      if (!request.url().startsWith(this.service.url) && !/^(blob|data):/.test(request.url())) {
        this.wrong.push(`request: ${request.url()}`);
      }
    });
  }

  /** Goes to a day, a view and a zone, and waits until all that can be seen is there. */
  async go(address) {
    const hash = new URLSearchParams(address).toString();
    await this.page.goto("about:blank");
    await this.page.goto(`${this.service.url}/schedule${hash ? `#${hash}` : ""}`);
    if (!address.locked) {
      await this.ready();
    }
  }

  async ready() {
    await this.page.locator('#board[aria-busy="false"]').waitFor();
  }

  /** Waits until changes arrive. */
  async live() {
    await this.page.locator('#connection[data-state="live"]').waitFor();
  }

  row(key) {
    return this.page.locator(`.row[data-key="${key}"]`);
  }

  order(id) {
    return this.page.locator(`[data-order="${id}"]`);
  }

  notice() {
    return this.page.locator(".notice").last();
  }

  dialog() {
    return this.page.locator("dialog[open]");
  }

  /** The centre of a time in a row. */
  async point(key, instant) {
    return this.page.evaluate(([key, instant]) => {
      const track = document.querySelector(`.row[data-key="${CSS.escape(key)}"] .track`);
      const box = track.getBoundingClientRect();
      const hour = Number.parseFloat(getComputedStyle(document.getElementById("board")).getPropertyValue("--hour"));
      return { x: box.left + ((instant.at - instant.from) / 3_600_000) * hour, y: box.top + box.height / 2 };
    }, [key, instant]);
  }

  /** Where an order is in its row, in hours since the beginning of the day, and how many it takes. */
  async hours(id) {
    return this.page.evaluate((id) => {
      const cell = document.querySelector(`[data-order="${CSS.escape(id)}"]`).parentElement;
      const hour = Number.parseFloat(getComputedStyle(document.getElementById("board")).getPropertyValue("--hour"));
      const box = cell.getBoundingClientRect();
      const start = box.left - cell.closest(".track").getBoundingClientRect().left;
      const round = (n) => Math.round((n / hour) * 100) / 100;
      return { start: round(start), length: round(box.width) };
    }, id);
  }

  /** Fails if the page did something that it must not do, and closes it. */
  async close() {
    await this.context.close();
    assert.deepEqual(this.wrong, []);
  }
}
