/** Everybody can use the page: axe, narrow windows, dark mode, reduced motion. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

import { Schedule } from "../support/browser.js";
import { browser, service, start } from "../support/fixture.js";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

let order;

start(async () => {
  for (let n = 1; n <= 12; n += 1) {
    const id = `crew-${String(n).padStart(2, "0")}`;
    await service.calendar(id, `Crew ${n}`, n % 3 === 0 ? "PT45M" : "PT3H");
    const booked = await service.book(id, `2026-11-24T0${n % 9}:15:00Z`, {
      reference: `PO-${n}`, services: [{ id: ["123", "456", "789"][n % 3] }],
    });
    order ??= booked;
  }
});

/** Fails if axe finds anything, or if the page is wider than the window. */
async function check(schedule, what) {
  const { page } = schedule;
  // The page's own policy does not let a test add scripts, so the test uses the debugger.
  await page.evaluate(await axeSource());
  const violations = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).slice(0, 3).join("; ")}`);
  });
  assert.deepEqual(violations, [], what);
  const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(content <= width, `${what}: ${content} pixels in a window of ${width}`);
}

let source;
async function axeSource() {
  const { readFile } = await import("node:fs/promises");
  source ??= `${await readFile(AXE, "utf8")}; undefined`;
  return source;
}

for (const colorScheme of ["light", "dark"]) {
  for (const [width, height] of [[1280, 800], [390, 844]]) {
    test(`axe finds nothing: ${colorScheme}, ${width} pixels wide`, async () => {
      const day = { day: "2026-11-24", zone: "Europe/Berlin" };
      // Animations would be seen half done.
      const options = { address: day, colorScheme, width, height, failures: [409], reducedMotion: "reduce" };
      const schedule = await Schedule.open(browser, service, options);
      const { page } = schedule;
      await check(schedule, "day");
      await page.locator("#view-week").click();
      await schedule.ready();
      await check(schedule, "week");
      await schedule.go(day);
      await schedule.order(order.id).click();
      await schedule.dialog().locator(".history").waitFor();
      await check(schedule, "details");
      await schedule.dialog().getByRole("button", { name: "Cancel order…" }).click();
      await check(schedule, "question");
      await page.keyboard.press("Escape");
      await page.locator("#book").click();
      await schedule.dialog().getByLabel("Inspection").check();
      await schedule.dialog().getByLabel("Fee").fill("1");
      await schedule.dialog().getByLabel("Calendar").selectOption(order.calendar);
      await schedule.dialog().getByLabel("Date").fill("2026-11-24");
      await schedule.dialog().getByLabel("Time").fill("02:15");
      await schedule.dialog().getByRole("button", { name: "Book", exact: true }).click();
      await schedule.dialog().locator(".offer").first().waitFor();
      await check(schedule, "conflict");
      await page.keyboard.press("Escape");
      await schedule.order(order.id).focus();
      await page.keyboard.press("Shift+ArrowRight");
      await schedule.notice().getByText("Moved to").waitFor();
      await check(schedule, "notice");
      await page.locator("#feeds").click();
      await schedule.dialog().locator("form").waitFor();
      await check(schedule, "links");
      await page.keyboard.press("Escape");
      await page.locator("#key").click();
      await check(schedule, "key");
      await schedule.close();
      order = await service.order(order.id);
    });
  }
}

test("at 390 pixels, an order is booked with a finger", async () => {
  const schedule = await Schedule.open(browser, service, {
    address: { day: "2026-12-24", zone: "UTC" }, width: 390, height: 844, touch: true,
  });
  await schedule.row("2026-12-24 crew-01").locator(".free button").tap();
  const dialog = schedule.dialog();
  await dialog.getByLabel("Testing").tap();
  await dialog.getByLabel("Fee").fill("80");
  await dialog.getByRole("button", { name: "Book", exact: true }).tap();
  await schedule.notice().getByText("Booked for Thu 24 Dec 2026").waitFor();
  await schedule.close();
});

test("reduced motion is respected", async () => {
  const schedule = await Schedule.open(browser, service, { address: { day: "2026-11-24", zone: "UTC" }, reducedMotion: "reduce" });
  await schedule.order(order.id).click();
  const duration = await schedule.dialog().evaluate((dialog) => getComputedStyle(dialog).animationDuration);
  assert.ok(Number.parseFloat(duration) <= 0.01, duration);
  await schedule.close();
});
