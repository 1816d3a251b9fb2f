/** What the page shows: days, weeks and time zones. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Schedule } from "../support/browser.js";
import { browser, service, start } from "../support/fixture.js";

start(async () => {
  await service.calendar("crew-01", "Crew 1");
  await service.calendar("crew-02", "Crew 2", "PT45M");
});

test("an order shows its time in the chosen zone, its services, its fee and its reference", async () => {
  const { id } = await service.book("crew-01", "2026-11-24T08:00:00Z", {
    totalfee: 99.95, reference: "PO-4711", services: [{ id: "123" }, { id: "456" }],
  });
  const schedule = await Schedule.open(browser, service, { address: { day: "2026-11-24", zone: "Europe/Berlin" } });
  // The names of services come after the orders.
  await schedule.order(id).filter({ hasText: "Inspection, Analysis" }).waitFor();
  const text = await schedule.order(id).innerText();
  for (const part of ["09:00", "UTC+1", "99.95", "Inspection, Analysis", "PO-4711"]) {
    assert.ok(text.includes(part), text);
  }
  assert.match(await schedule.order(id).getAttribute("title"), /Tue 24 Nov 2026, 09:00 UTC\+1/);
  assert.deepEqual(await schedule.hours(id), { start: 9, length: 3 });
  await schedule.page.locator("#zone").selectOption("America/New_York");
  await schedule.ready();
  assert.match(await schedule.order(id).innerText(), /03:00/);
  assert.match(schedule.page.url(), /zone=America\/New_York/);
  await schedule.close();
});

test("free times are shaded where the service says that they are", async () => {
  await service.book("crew-02", "2026-12-01T10:00:00Z");
  const schedule = await Schedule.open(browser, service, { address: { day: "2026-12-01", zone: "UTC" } });
  const free = schedule.row("2026-12-01 crew-02").locator(".free button");
  assert.deepEqual(await free.evaluateAll((buttons) => buttons.map((button) => button.dataset.free)), ["2026-12-01T00:00:00Z", "2026-12-01T10:45:00Z"]);
  assert.match(await free.first().getAttribute("aria-label"), /Free from 00:00 UTC to 09:15 UTC, Crew 2/);
  await schedule.close();
});

test("an order of the day before extends into the day", async () => {
  const { id } = await service.book("crew-01", "2026-12-02T22:30:00Z");
  const schedule = await Schedule.open(browser, service, { address: { day: "2026-12-03", zone: "UTC" } });
  assert.deepEqual(await schedule.hours(id), { start: 0, length: 1.5 });
  assert.match(await schedule.order(id).innerText(), /Wed 22:30/);
  await schedule.close();
});

test("a day is as long as its zone has it, and its orders are where they are in time", async () => {
  for (const [zone, day, hours, datetime, start] of [
    ["Europe/Berlin", "2026-03-29", 23, "2026-03-29T06:00:00Z", 7],
    ["Europe/Berlin", "2026-10-25", 25, "2026-10-25T06:00:00Z", 8],
    ["America/New_York", "2026-11-01", 25, "2026-11-01T12:00:00Z", 8],
    ["Australia/Lord_Howe", "2026-04-05", 24.5, "2026-04-04T20:30:00Z", 7.5],
    ["America/Sao_Paulo", "2018-11-04", 23, "2018-11-04T10:00:00Z", 7],
    ["Africa/Casablanca", "2026-03-22", 23, "2026-03-22T09:00:00Z", 9],
  ]) {
    const { id } = await service.book("crew-01", datetime);
    const schedule = await Schedule.open(browser, service, { address: { day, zone } });
    const track = schedule.row(`${day} crew-01`).locator(".track");
    assert.equal(await track.evaluate((element) => Number(element.style.getPropertyValue("--hours"))), hours, zone);
    assert.deepEqual(await schedule.hours(id), { start, length: 3 }, zone);
    await schedule.close();
  }
});

test("a change of the clocks is marked, and the hours are those that the clocks show", async () => {
  const schedule = await Schedule.open(browser, service, { address: { day: "2026-10-25", zone: "Europe/Berlin" } });
  const hours = await schedule.page.locator(".axis .hour").allInnerTexts();
  assert.deepEqual(hours.slice(0, 5), ["00:00", "01:00", "02:00", "02:00", "03:00"]);
  assert.match(await schedule.row("2026-10-25 crew-01").locator(".change").getAttribute("title"), /Clocks go back 1 hour/);
  await schedule.close();
});

test("a day that the zone does not have is skipped", async () => {
  const schedule = await Schedule.open(browser, service, { address: { day: "2011-12-29", zone: "Pacific/Apia" } });
  await schedule.page.getByRole("button", { name: "Next day" }).click();
  await schedule.ready();
  assert.match(await schedule.page.locator("#title").innerText(), /Saturday 31 December 2011/);
  await schedule.page.getByRole("button", { name: "Previous day" }).click();
  assert.match(await schedule.page.locator("#title").innerText(), /Thursday 29 December 2011/);
  await schedule.go({ day: "2011-12-30", zone: "Pacific/Apia" });
  assert.match(await schedule.page.locator("#title").innerText(), /31 December 2011/);
  await schedule.page.locator("#view-week").click();
  await schedule.ready();
  assert.equal(await schedule.page.locator(".row").count(), 6);
  await schedule.close();
});

test("the name of a row leads from a day of all calendars to the week of one, and back", async () => {
  const schedule = await Schedule.open(browser, service, { address: { day: "2026-11-24", zone: "UTC" } });
  await schedule.row("2026-11-24 crew-02").locator(".name").click();
  await schedule.ready();
  assert.match(schedule.page.url(), /view=week&calendar=crew-02/);
  const days = await schedule.page.locator(".row").evaluateAll((rows) => rows.map((row) => row.dataset.key));
  assert.deepEqual(days, [23, 24, 25, 26, 27, 28, 29].map((day) => `2026-11-${day} crew-02`));
  assert.equal(await schedule.page.evaluate(() => document.activeElement.closest(".row").dataset.key), "2026-11-24 crew-02");
  await schedule.row("2026-11-26 crew-02").locator(".name").click();
  await schedule.ready();
  assert.match(schedule.page.url(), /day=2026-11-26&view=day/);
  await schedule.page.goBack();
  await schedule.ready();
  assert.match(schedule.page.url(), /view=week&calendar=crew-02/);
  await schedule.close();
});

test("an empty day offers the next order, and the page opens there", async () => {
  const { id } = await service.book("crew-02", "2023-02-03T19:00:00Z");
  const schedule = await Schedule.open(browser, service, { address: { day: "2023-01-05", zone: "UTC" }, width: 700 });
  await schedule.page.getByRole("button", { name: "Next: Fri 3 Feb 2023, 19:00 UTC" }).click();
  await schedule.ready();
  assert.match(schedule.page.url(), /day=2023-02-03/);
  await schedule.order(id).waitFor();
  const box = await schedule.order(id).boundingBox();
  assert.ok(box.x >= 100 && box.x < 700, `the order is at ${box.x}`);
  assert.equal(await schedule.page.locator("#empty").innerText(), "");
  await schedule.go({ day: "2200-01-01", zone: "UTC" });
  await schedule.page.getByRole("button", { name: /^Last: / }).waitFor();
  await schedule.close();
});

test("a day is not left while its year is typed", async () => {
  const schedule = await Schedule.open(browser, service, { address: { day: "2026-11-24", zone: "UTC" } });
  const days = [];
  schedule.page.on("request", (request) => days.push(new URL(request.url()).searchParams.get("from")));
  await schedule.page.locator("#day").focus();
  await schedule.page.keyboard.type("05121999");
  await schedule.page.waitForURL(/day=1999-/);
  await schedule.ready();
  assert.deepEqual(days.filter((from) => from?.startsWith("0")), []);
  await schedule.close();
});

test("the page opens at now, whatever time it is", async () => {
  for (const hour of [0, 12, 23]) {
    // A zone in which this hour is going on.
    const ahead = ((hour - new Date().getUTCHours() + 35) % 24) - 11;
    const zone = `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`;
    const schedule = await Schedule.open(browser, service, { width: 500, zone });
    assert.ok(schedule.page.url().includes(`view=day&zone=${encodeURIComponent(zone).replace("%2F", "/")}`), schedule.page.url());
    const { x, width } = await schedule.page.locator(".now-mark").boundingBox();
    const { width: label } = await schedule.page.locator(".corner").boundingBox();
    assert.ok(x >= label && x + width <= 500, `at ${hour}, now is from ${x} to ${x + width}`);
    await schedule.close();
  }
});

test("the history of an order is one click away", async () => {
  const { id } = await service.book("crew-01", "2026-12-05T08:00:00Z");
  await service.change(id, { datetime: "2026-12-05T10:00:00Z", totalfee: 120 });
  const schedule = await Schedule.open(browser, service, { address: { day: "2026-12-05", zone: "UTC" } });
  await schedule.order(id).click();
  const history = schedule.dialog().locator(".history");
  await history.waitFor();
  const text = await history.innerText();
  for (const part of [
    "Moved from Sat 5 Dec 2026, 08:00 UTC to Sat 5 Dec 2026, 10:00 UTC", "Fee: 100 → 120", "Booked for Sat 5 Dec 2026, 08:00 UTC in Crew 1",
    "by tests",
  ]) {
    assert.ok(text.includes(part), text);
  }
  await schedule.page.keyboard.press("Escape");
  assert.equal(await schedule.page.evaluate(() => document.activeElement.dataset.order), id);
  await schedule.close();
});

test("texts never become markup", async () => {
  const markup = '<img src="x" onerror="document.title=1"><b>&amp;';
  await service.send("POST", "/services", { id: "markup", name: markup });
  await service.calendar("markup", markup);
  const { id } = await service.book("markup", "2026-12-12T08:00:00Z", { services: [{ id: "markup" }], reference: markup, metadata: { gate: markup } });
  const schedule = await Schedule.open(browser, service, { address: { day: "2026-12-12", zone: "UTC" } });
  assert.ok((await schedule.order(id).textContent()).includes(markup));
  await schedule.order(id).click();
  await schedule.dialog().locator(".history").waitFor();
  assert.ok((await schedule.dialog().textContent()).includes(markup));
  assert.equal(await schedule.page.locator("img").count(), 1);
  assert.deepEqual(schedule.wrong, []);
  // Where the browser knows trusted types, a mistake would be an error and not a hole.
  await assert.rejects(schedule.page.evaluate(() => {
    document.body.innerHTML = "<p></p>";
  }), /TrustedHTML/);
  await schedule.context.close();
  assert.ok(schedule.wrong.length > 0);
  assert.deepEqual(schedule.wrong.filter((words) => !/TrustedHTML|require-trusted-types-for/.test(words)), []);
});
