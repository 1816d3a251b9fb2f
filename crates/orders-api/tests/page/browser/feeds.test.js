/** Links for calendar programs. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Schedule } from "../support/browser.js";
import { browser, service, start } from "../support/fixture.js";

start(async () => {
  await service.calendar("crew-01", "Crew 1");
});

test("a link for calendar programs is created, copied and deleted", async () => {
  const schedule = await Schedule.open(browser, service, {});
  await schedule.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await schedule.page.locator("#feeds").click();
  const dialog = schedule.dialog();
  await dialog.getByLabel("Name").fill("Phones");
  await dialog.getByLabel("Crew 1").check();
  await dialog.getByRole("button", { name: "Create a link" }).click();
  const url = await dialog.getByLabel("The link", { exact: true }).inputValue();
  assert.ok(url.startsWith(`${service.url}/feeds/`) && url.endsWith(".ics"), url);
  assert.equal(await dialog.getByLabel("Name").inputValue(), "");
  assert.equal(await dialog.getByRole("link").getAttribute("href"), url.replace("http:", "webcal:"));
  await dialog.getByRole("button", { name: "Copy" }).click();
  await dialog.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await schedule.page.evaluate(() => navigator.clipboard.readText()), url);
  const feed = await fetch(url);
  assert.deepEqual([feed.status, feed.headers.get("content-type").split(";")[0]], [200, "text/calendar"]);
  const focused = () => schedule.page.evaluate(() => document.activeElement.textContent);
  await dialog.getByRole("button", { name: "Delete…" }).click();
  assert.equal(await focused(), "Keep it");
  await schedule.page.keyboard.press("Enter");
  assert.equal(await focused(), "Delete…");
  await schedule.page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Delete it" }).click();
  await dialog.getByText("Phones").waitFor({ state: "detached" });
  assert.equal((await fetch(url)).status, 404);
  assert.equal(await dialog.getByLabel("The link", { exact: true }).count(), 0);
  await schedule.page.waitForFunction(() => document.activeElement.tagName === "INPUT");
  await schedule.close();
});
