/** Keys, and what they permit; files for other programs. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { Schedule } from "../support/browser.js";
import { browser, service, start } from "../support/fixture.js";

let order;

start(async () => {
  await service.calendar("crew-01", "Crew 1");
  order = await service.book("crew-01", "2026-11-24T08:00:00Z", { reference: "=1+1" });
});

const day = { day: "2026-11-24", zone: "UTC" };

test("the page asks for a key, keeps it for the tab, and sends it nowhere else", async () => {
  const schedule = await Schedule.open(browser, service, { key: "", address: { ...day, locked: true }, failures: [401] });
  const { page } = schedule;
  const input = schedule.dialog().getByLabel("API key");
  await input.waitFor();
  assert.equal(await input.getAttribute("type"), "password");
  // No header can carry the second one.
  for (const wrong of ["ordk_wrong", "“ordk_wrong”"]) {
    await input.fill(wrong);
    await page.keyboard.press("Enter");
    await schedule.dialog().getByText("The service does not accept this key.").waitFor();
    await schedule.dialog().locator(".alert").evaluate((alert) => alert.replaceChildren());
  }
  await input.fill(service.key);
  await page.keyboard.press("Enter");
  await schedule.order(order.id).waitFor();
  await schedule.live();
  assert.equal(await page.evaluate(() => sessionStorage.getItem("orders-key")), service.key);
  assert.deepEqual(await page.evaluate(() => [localStorage.length, document.cookie]), [0, ""]);
  assert.ok(!page.url().includes("ordk_"));
  await page.reload();
  await schedule.order(order.id).waitFor();
  await page.locator("#key").click();
  await schedule.dialog().getByRole("button", { name: "Forget the key" }).click();
  await input.waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  assert.equal(await schedule.order(order.id).count(), 0);
  await schedule.close();
});

test("a key that is revoked while a form is open is asked for when the form is closed", async () => {
  const key = await service.newKey("revoked", "write");
  const schedule = await Schedule.open(browser, service, { key, address: day, failures: [401] });
  const { page } = schedule;
  await page.locator("#book").click();
  await schedule.dialog().getByLabel("Inspection").check();
  await schedule.dialog().getByLabel("Fee").fill("1");
  await page.route("**/orders", (route) => route.fulfill({
    status: 401, contentType: "application/problem+json", body: '{"type": "/problems/authentication-required"}',
  }), { times: 1 });
  await schedule.dialog().getByRole("button", { name: "Book", exact: true }).click();
  await schedule.dialog().getByText("A key is needed. The order was not booked.").waitFor();
  await page.keyboard.press("Escape");
  await schedule.dialog().getByLabel("API key").fill(service.key);
  await page.keyboard.press("Enter");
  await schedule.order(order.id).waitFor();
  assert.equal(await schedule.dialog().count(), 0);
  await schedule.close();
});

test("a key that reads has no controls that write", async () => {
  const key = await service.newKey("reader", "read");
  const schedule = await Schedule.open(browser, service, { key, address: day });
  const { page } = schedule;
  assert.equal(await page.locator("#book").isVisible(), false);
  assert.equal(await page.locator("#feeds").isVisible(), false);
  assert.equal(await page.locator(".free button").count(), 0);
  assert.ok((await page.locator(".free").first().innerText()).startsWith("Free from"));
  await schedule.order(order.id).focus();
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Delete");
  assert.equal(await schedule.dialog().count(), 0);
  const box = await schedule.order(order.id).boundingBox();
  await page.mouse.move(box.x + 5, box.y + 5);
  await page.mouse.down();
  await page.mouse.move(box.x + 200, box.y + 5, { steps: 4 });
  assert.equal(await page.locator(".moving").count(), 0);
  await page.mouse.up();
  await schedule.order(order.id).click();
  await schedule.dialog().locator(".history").waitFor();
  assert.deepEqual(await schedule.dialog().getByRole("button").allInnerTexts(), ["×"]);
  assert.equal((await service.order(order.id)).version, 1);
  await schedule.close();
});

test("a key that writes books, and has no links for calendar programs", async () => {
  const key = await service.newKey("writer", "write");
  const schedule = await Schedule.open(browser, service, { key, address: day });
  assert.equal(await schedule.page.locator("#book").isVisible(), true);
  assert.equal(await schedule.page.locator("#feeds").isVisible(), false);
  await schedule.close();
});

test("a key for some calendars sees only these", async () => {
  const key = await service.newKey("restricted", "write", "--calendar", "crew-01");
  const schedule = await Schedule.open(browser, service, { key, address: day });
  const rows = await schedule.page.locator(".row").evaluateAll((rows) => rows.map((row) => row.dataset.key));
  assert.deepEqual(rows, ["2026-11-24 crew-01"]);
  await schedule.close();
});

test("a key with a low rate loads everything, only more slowly", async () => {
  const key = await service.newKey("slow", "read", "--rate", "4");
  const schedule = await Schedule.open(browser, service, { key, address: day, failures: [429] });
  await schedule.order(order.id).waitFor();
  assert.equal(await schedule.page.locator(".row.failed").count(), 0);
  assert.equal(await schedule.page.locator(".notice").count(), 0);
  await schedule.close();
});

test("the orders of the view are downloaded as CSV", async () => {
  await service.book("crew-01", "2026-11-25T08:00:00Z");
  const schedule = await Schedule.open(browser, service, { address: day });
  const [download] = await Promise.all([
    schedule.page.waitForEvent("download"), schedule.page.locator("#csv").click(),
  ]);
  assert.equal(download.suggestedFilename(), "orders-2026-11-24.csv");
  const lines = (await readFile(await download.path(), "utf8")).trim().split("\r\n");
  assert.equal(lines.length, 2);
  assert.match(lines[0], /^id,calendar,datetime,totalfee,services,/);
  assert.ok(lines[1].includes(order.id), lines[1]);
  await schedule.close();
});
