/** Many orders and many calendars. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Schedule } from "../support/browser.js";
import { browser, service, start } from "../support/fixture.js";

const CALENDARS = 200;
const ORDERS = 100_000;

/** So soon the page is ready, in milliseconds. */
const READY = 1_000;

const calendar = (n) => `crew-${String(n).padStart(3, "0")}`;

/** Orders 4 hours apart, in each calendar from 2026-09-01 on. */
function* lines() {
  const start = Date.parse("2026-09-01T00:00:00Z");
  for (let n = 0; n < ORDERS; n += 1) {
    const datetime = new Date(start + Math.floor(n / CALENDARS) * 4 * 3_600_000).toISOString();
    yield JSON.stringify({ calendar: calendar(n % CALENDARS), datetime, totalfee: 100, services: [{ id: ["123", "456", "789"][n % 3] }] });
  }
}

start(async () => {
  for (let n = 0; n < CALENDARS; n += 1) {
    await service.calendar(calendar(n), `Crew ${n}`);
  }
  const answers = await service.send("POST", "/orders/import", [...lines()].join("\n"), { "Content-Type": "application/x-ndjson" });
  assert.equal(answers.trim().split("\n").filter((line) => !line.startsWith('{"id"')).length, 0);
});

/** The milliseconds from the navigation until all that can be seen was there. */
function readyAfter(schedule) {
  return schedule.page.evaluate(() => Math.round(performance.getEntriesByName("ready")[0].startTime));
}

test("with 100,000 orders, the page is ready within a second and loads only what can be seen", async () => {
  for (const address of [
    { day: "2026-09-10", zone: "Europe/Berlin" },
    { day: "2026-10-20", view: "week", calendar: calendar(7), zone: "Europe/Berlin" },
  ]) {
    const times = [];
    // Something else may keep the machine busy for a moment.
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const schedule = await Schedule.open(browser, service, { address });
      times.push(await readyAfter(schedule));
      const rows = await schedule.page.locator(".row").count();
      assert.ok(rows < 30, `${rows} rows`);
      await schedule.close();
    }
    console.log(`${address.view ?? "day"}: ready after ${times.join(", ")} ms`);
    assert.ok(Math.min(...times) < READY, `${times}`);
  }
});

test("rows that come into sight are loaded, and the focus stays when its row leaves it", async () => {
  const schedule = await Schedule.open(browser, service, { address: { day: "2026-09-10", zone: "UTC" } });
  const { page } = schedule;
  await schedule.row(`2026-09-10 ${calendar(1)}`).locator(".name").focus();
  await page.locator("#board").evaluate((board) => {
    board.scrollTop = board.scrollHeight;
  });
  const last = schedule.row(`2026-09-10 ${calendar(CALENDARS - 1)}`);
  await last.locator(".block").first().waitFor();
  assert.equal(await last.locator(".block").count(), 6);
  assert.equal(await page.evaluate(() => document.activeElement.closest(".row").dataset.key), `2026-09-10 ${calendar(1)}`);
  assert.ok((await page.locator(".row").count()) < 30);
  await page.locator("#filter").fill("crew 19");
  await schedule.ready();
  assert.equal(await page.locator(".row").count(), 11);
  // A change of a calendar that is not looked for is not lost.
  const key = `2026-09-10 ${calendar(0)}`;
  await schedule.live();
  const id = await page.evaluate(() => document.querySelector(".block").dataset.order);
  await service.change(id, { totalfee: 7 });
  await schedule.order(id).getByText("7").first().waitFor();
  const [first] = await service.send("GET", `/orders?calendar=${calendar(0)}&from=2026-09-10T00:00:00Z&limit=1`);
  await service.change(first.id, { totalfee: 8 });
  await service.change(id, { totalfee: 9 });
  await schedule.order(id).getByText("9").first().waitFor();
  await page.locator("#filter").fill("nosuch");
  await page.getByText("No calendar matches.").waitFor();
  await page.locator("#book").click();
  await schedule.dialog().getByLabel("Calendar").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#filter").fill("");
  await page.locator("#board").evaluate((board) => {
    board.scrollTop = 0;
  });
  await schedule.row(key).locator(`[data-order="${first.id}"]`).getByText("8", { exact: true }).waitFor();
  await schedule.close();
});

test("the page opens at the first order of the day, in whatever row it is", async () => {
  const { id } = await service.book(calendar(150), "2022-05-05T10:00:00Z");
  const schedule = await Schedule.open(browser, service, { address: { day: "2022-05-05", zone: "UTC" }, width: 700 });
  await schedule.order(id).waitFor();
  await schedule.page.waitForFunction((order) => {
    const { left, right, top, bottom } = document.querySelector(`[data-order="${order}"]`).getBoundingClientRect();
    return left > 0 && right < innerWidth && top > 0 && bottom < innerHeight;
  }, id);
  await schedule.close();
});

test("the keyboard reaches rows that are not on the page yet", async () => {
  const schedule = await Schedule.open(browser, service, { address: { day: "2026-09-10", zone: "UTC" } });
  await schedule.row(`2026-09-10 ${calendar(0)}`).locator(".name").focus();
  for (let n = 0; n < 30; n += 1) {
    await schedule.page.keyboard.press("ArrowDown");
  }
  assert.equal(await schedule.page.evaluate(() => document.activeElement.closest(".row").dataset.key), `2026-09-10 ${calendar(30)}`);
  await schedule.close();
});
