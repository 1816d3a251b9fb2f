/** Changes by others appear by themselves. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Schedule } from "../support/browser.js";
import { browser, service, start } from "../support/fixture.js";

/** Changes are visible within this time. */
const SECOND = { timeout: 1_000 };

start(async () => {
  await service.calendar("crew-01", "Crew 1");
  await service.calendar("crew-02", "Crew 2");
});

const utc = (day) => ({ address: { day, zone: "UTC" } });

/** Books, moves and cancels an order, and sees each of them on the page within a second. */
async function follows(schedule, day, hour) {
  const time = (/** @type {number} */ h) => `${day}T${String(h).padStart(2, "0")}:00:00Z`;
  const row = schedule.row(`${day} crew-01`);
  const freeFrom = (/** @type {number} */ h) => row.locator(`[data-free="${time(h)}"]`);
  const { id } = await service.book("crew-01", time(hour));
  await schedule.order(id).waitFor(SECOND);
  await freeFrom(hour + 3).waitFor(SECOND);
  await service.change(id, { datetime: time(hour + 1), calendar: "crew-02" });
  await schedule.row(`${day} crew-02`).locator(`[data-order="${id}"]`).waitFor(SECOND);
  await row.locator(`[data-order="${id}"]`).waitFor({ state: "detached", ...SECOND });
  await freeFrom(hour + 3).waitFor({ state: "detached", ...SECOND });
  await service.cancel(id);
  await schedule.order(id).waitFor({ state: "detached", ...SECOND });
}

test("a booking, a move and a cancellation by another client are visible within a second", async () => {
  const schedule = await Schedule.open(browser, service, utc("2026-11-24"));
  await schedule.live();
  await follows(schedule, "2026-11-24", 8);
  await schedule.close();
});

test("the page continues after a restart of the service, and misses nothing that happened meanwhile", async () => {
  const { id } = await service.book("crew-01", "2026-11-25T02:00:00Z");
  const schedule = await Schedule.open(browser, service, { ...utc("2026-11-25"), failures: ["offline", 503] });
  await schedule.live();
  await service.stop();
  await schedule.page.locator('#connection[data-state="offline"]').waitFor();
  await service.startAgain();
  await service.cancel(id);
  await schedule.live();
  await schedule.order(id).waitFor({ state: "detached", ...SECOND });
  await follows(schedule, "2026-11-25", 8);
  await schedule.close();
});

test("rows that could not be loaded are loaded when the service is back", async () => {
  const { id } = await service.book("crew-01", "2026-12-02T08:00:00Z");
  const schedule = await Schedule.open(browser, service, { ...utc("2026-12-01"), failures: ["offline", 503] });
  await schedule.live();
  await service.stop();
  let requests = 0;
  schedule.page.on("request", (request) => {
    requests += request.url().includes("/availability") ? 1 : 0;
  });
  await schedule.page.getByRole("button", { name: "Next day" }).click();
  await schedule.notice().getByText("The service does not answer. Some rows could not be loaded.").waitFor();
  await schedule.page.locator('#connection[data-state="offline"]').waitFor();
  assert.equal(await schedule.page.locator(".notice").count(), 1);
  assert.equal(requests, await schedule.page.locator(".row.failed").count());
  await service.startAgain();
  await schedule.order(id).waitFor();
  assert.equal(await schedule.page.locator(".row.failed").count(), 0);
  await schedule.close();
});

test("free times that could not be loaded after a change are loaded when the service is back", async () => {
  const schedule = await Schedule.open(browser, service, { ...utc("2026-12-03"), failures: ["offline", 503] });
  await schedule.live();
  await schedule.page.route("**/availability*", (route) => route.abort("connectionreset"), { times: 1 });
  const { id } = await service.book("crew-01", "2026-12-03T08:00:00Z");
  const row = schedule.row("2026-12-03 crew-01");
  await schedule.page.locator(".row.failed").waitFor();
  await service.stop();
  await schedule.page.locator('#connection[data-state="offline"]').waitFor();
  await service.startAgain();
  await row.locator('[data-free="2026-12-03T11:00:00Z"]').waitFor();
  assert.equal(await schedule.page.locator(".row.failed").count(), 0);
  await schedule.order(id).waitFor();
  await schedule.close();
});

test("the connection is closed while the page is hidden, and continues at the cursor", async () => {
  const schedule = await Schedule.open(browser, service, utc("2026-11-26"));
  await schedule.live();
  const streams = [];
  schedule.page.on("request", (request) => {
    if (request.url().includes("/changes")) {
      streams.push(request);
    }
  });
  const hide = (hidden) => schedule.page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  await hide(true);
  await schedule.page.locator('#connection[data-state="paused"]').waitFor();
  const { id } = await service.book("crew-01", "2026-11-26T08:00:00Z");
  assert.deepEqual(streams, []);
  await hide(false);
  await schedule.live();
  await schedule.order(id).waitFor(SECOND);
  assert.equal(streams.length, 1);
  assert.match(await streams[0].headerValue("Last-Event-ID"), /^\d+_\d+$/);
  await schedule.close();
});

test("if the cursor is not known any more, everything is loaded again", async () => {
  const schedule = await Schedule.open(browser, service, { ...utc("2026-11-27"), failures: [410, "offline"] });
  await schedule.live();
  let isGone = false;
  await schedule.page.route("**/changes*", async (route) => {
    const headers = route.request().headers();
    isGone ||= "last-event-id" in headers;
    if ("last-event-id" in headers) {
      await route.fulfill({ status: 410, contentType: "application/problem+json", body: '{"type": "/problems/cursor-gone"}' });
    } else {
      await route.continue();
    }
  });
  await schedule.page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  const { id } = await service.book("crew-02", "2026-11-27T08:00:00Z");
  await schedule.page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => false });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await schedule.order(id).waitFor();
  assert.ok(isGone);
  await schedule.close();
});

test("after a long sleep, everything is loaded again instead of all changes", async () => {
  const schedule = await Schedule.open(browser, service, { ...utc("2026-12-08"), failures: ["offline", 503] });
  await schedule.live();
  const streams = [];
  schedule.page.on("request", (request) => request.url().includes("/changes") && streams.push(request));
  await service.stop();
  await schedule.page.locator('#connection[data-state="offline"]').waitFor();
  await schedule.page.evaluate(() => {
    const now = Date.now;
    Date.now = () => now() + 11 * 60_000;
  });
  streams.length = 0;
  await service.startAgain();
  const { id } = await service.book("crew-01", "2026-12-08T08:00:00Z");
  await schedule.live();
  await schedule.order(id).waitFor();
  assert.deepEqual([...new Set(streams.map((request) => new URL(request.url()).search))], ["?after=now"]);
  await schedule.close();
});

test("a change does not take the focus or an open form away", async () => {
  const { id } = await service.book("crew-01", "2026-11-28T02:00:00Z");
  const schedule = await Schedule.open(browser, service, utc("2026-11-28"));
  await schedule.live();
  await schedule.order(id).focus();
  const other = await service.book("crew-01", "2026-11-28T08:00:00Z");
  await schedule.order(other.id).waitFor(SECOND);
  await service.change(id, { totalfee: 55 });
  await schedule.order(id).getByText("55").waitFor(SECOND);
  assert.equal(await schedule.page.evaluate(() => document.activeElement.dataset.order), id);
  // If the order itself goes, its row has the focus.
  await service.cancel(id);
  await schedule.order(id).waitFor({ state: "detached", ...SECOND });
  assert.equal(await schedule.page.evaluate(() => document.activeElement.closest(".row").dataset.key), "2026-11-28 crew-01");
  await schedule.close();
});

test("a change that arrives while the page is being loaded does not load it again", async () => {
  const schedule = await Schedule.open(browser, service, utc("2026-12-07"));
  const { page } = schedule;
  let loads = 0;
  await page.route("**/calendars*", async (route) => {
    loads += 1;
    await page.locator('#connection[data-state="live"]').waitFor();
    await service.book("crew-01", "2026-12-07T08:00:00Z", { id: "early" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await route.continue();
  });
  await page.reload();
  await schedule.order("early").waitFor();
  assert.equal(loads, 1);
  await schedule.close();
});

test("a calendar that was deleted disappears when its row cannot be loaded", async () => {
  await service.calendar("crew-04", "Crew 4");
  const schedule = await Schedule.open(browser, service, { ...utc("2026-12-04"), failures: [404] });
  await service.send("DELETE", "/calendars/crew-04");
  await schedule.page.getByRole("button", { name: "Next day" }).click();
  await schedule.row("2026-12-05 crew-04").waitFor({ state: "detached" });
  await schedule.row("2026-12-05 crew-01").locator(".free").waitFor();
  assert.deepEqual(await schedule.page.locator(".notice").allInnerTexts(), []);
  await schedule.close();
});

test("a service that is created later has its name and can be booked when an order has it", async () => {
  const schedule = await Schedule.open(browser, service, utc("2026-12-06"));
  await schedule.live();
  await service.send("POST", "/services", { id: "later", name: "Later service" });
  const { id } = await service.book("crew-01", "2026-12-06T08:00:00Z", { services: [{ id: "later" }] });
  await schedule.order(id).getByText("Later service").waitFor();
  await schedule.page.locator("#book").click();
  await schedule.dialog().getByLabel("Later service").waitFor();
  await schedule.close();
});

test("a calendar that is created later appears with its first order", async () => {
  const schedule = await Schedule.open(browser, service, utc("2026-11-29"));
  await schedule.live();
  await service.calendar("crew-03", "Crew 3");
  const { id } = await service.book("crew-03", "2026-11-29T08:00:00Z");
  await schedule.row("2026-11-29 crew-03").locator(`[data-order="${id}"]`).waitFor();
  await schedule.close();
});
