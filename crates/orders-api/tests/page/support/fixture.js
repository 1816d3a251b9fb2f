/** The browser and the service of a test file, which `node --test` runs in a process of its own. */

import { after, before } from "node:test";

import { launch } from "./browser.js";
import { Service } from "./service.js";

/** @type {import("playwright-core").Browser} */
export let browser;

/** @type {Service} */
export let service;

/**
 * Starts both before the tests of the file, and ends them after its tests.
 * @param {() => Promise<void>} prepare What the tests need of the service.
 */
export function start(prepare) {
  before(async () => {
    [browser, service] = await Promise.all([launch(), Service.start()]);
    await prepare();
  });

  after(async () => {
    await browser.close();
    await service.remove();
  });
}
