/** Booking, changing and cancelling orders. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Schedule } from "../support/browser.js";
import { browser, service, start } from "../support/fixture.js";

start(async () => {
  await service.calendar("crew-01", "Crew 1");
});

const day = (date) => ({ address: { day: date, zone: "Europe/Berlin" } });

/** Clicks free space at an hour of the day. */
async function click(schedule, date, hour) {
  const from = Date.parse(`${date}T00:00:00+01:00`);
  const { x, y } = await schedule.point(`${date} crew-01`, { from, at: from + hour * 3_600_000 });
  await schedule.page.mouse.click(x, y);
}

async function fill(schedule, { fee = "100", service: name = "Inspection", reference } = {}) {
  const dialog = schedule.dialog();
  await dialog.getByLabel(name, { exact: true }).check();
  await dialog.getByLabel("Fee").fill(fee);
  if (reference) {
    await dialog.getByLabel("Reference").fill(reference);
  }
  await dialog.getByRole("button", { name: "Book", exact: true }).click();
}

const orders = (date) => service.send("GET", `/orders?calendar=crew-01&from=${date}T00:00:00Z&to=${date}T23:59:00Z`);

test("a click on free space opens a form at that time, which books, and the focus returns", async () => {
  const schedule = await Schedule.open(browser, service, day("2026-11-24"));
  await schedule.page.locator("#book").click();
  await schedule.page.keyboard.press("Escape");
  assert.equal(await schedule.page.evaluate(() => document.activeElement.id), "book");
  await click(schedule, "2026-11-24", 14.4);
  const dialog = schedule.dialog();
  assert.equal(await dialog.getByLabel("Date").inputValue(), "2026-11-24");
  assert.equal(await dialog.getByLabel("Time").inputValue(), "14:15");
  assert.match(await dialog.innerText(), /Europe\/Berlin, UTC\+1/);
  await fill(schedule, { fee: "99,95", reference: "PO-1" });
  await schedule.notice().getByText("Booked for Tue 24 Nov 2026, 14:15 UTC+1").waitFor();
  const [order] = await orders("2026-11-24");
  assert.deepEqual(
    { datetime: order.datetime, totalfee: order.totalfee, services: order.services, reference: order.reference },
    { datetime: "2026-11-24T13:15:00Z", totalfee: 99.95, services: [{ id: "123" }], reference: "PO-1" },
  );
  assert.deepEqual(await schedule.hours(order.id), { start: 14.25, length: 3 });
  assert.equal(await schedule.page.evaluate(() => document.activeElement.dataset.order), order.id);
  await schedule.close();
});

test("a conflict says why, and one click books an offered time exactly as the service wrote it", async () => {
  const { id } = await service.book("crew-01", "2026-11-25T11:11:11.111222Z", { id: "taken" });
  const schedule = await Schedule.open(browser, service, { ...day("2026-11-25"), failures: [409] });
  await schedule.page.locator("#book").click();
  const dialog = schedule.dialog();
  await dialog.getByLabel("Calendar").selectOption("crew-01");
  await dialog.getByLabel("Date").fill("2026-11-25");
  await dialog.getByLabel("Time").fill("13:00");
  await fill(schedule);
  const alert = dialog.locator(".alert");
  await alert.getByText(`Less than 3 hours from order ${id} at 12:11:11.111222 UTC+1.`).waitFor();
  const offer = alert.getByRole("button", { name: "15:11:11.111222" });
  assert.equal(await offer.getAttribute("data-datetime"), "2026-11-25T14:11:11.111222Z");
  await offer.click();
  await dialog.waitFor({ state: "detached" });
  assert.deepEqual((await orders("2026-11-25")).map(({ datetime }) => datetime), ["2026-11-25T11:11:11.111222Z", "2026-11-25T14:11:11.111222Z"]);
  await schedule.close();
});

test("the beginning of a free interval is booked exactly as the service wrote it", async () => {
  await service.book("crew-01", "2026-11-26T05:00:00.000001Z");
  const schedule = await Schedule.open(browser, service, day("2026-11-26"));
  await click(schedule, "2026-11-26", 9.1);
  assert.equal(await schedule.dialog().getByLabel("Time").inputValue(), "09:00");
  await fill(schedule);
  await schedule.dialog().waitFor({ state: "detached" });
  assert.equal((await orders("2026-11-26"))[1].datetime, "2026-11-26T08:00:00.000001Z");
  await schedule.close();
});

test("a repeated hour asks which one is meant, and a skipped one is refused", async () => {
  const schedule = await Schedule.open(browser, service, day("2026-10-25"));
  await schedule.page.locator("#book").click();
  const dialog = schedule.dialog();
  await dialog.getByLabel("Calendar").selectOption("crew-01");
  await dialog.getByLabel("Date").fill("2026-10-25");
  await dialog.getByLabel("Time").fill("02:30");
  await fill(schedule);
  await dialog.locator(".alert").getByText("The clocks show this time twice").waitFor();
  await dialog.getByLabel("the second time, UTC+1").check();
  await dialog.getByRole("button", { name: "Book", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal((await orders("2026-10-25"))[0].datetime, "2026-10-25T01:30:00Z");

  await schedule.page.locator("#book").click();
  await dialog.getByLabel("Date").fill("2026-03-29");
  await dialog.getByLabel("Time").fill("02:30");
  await fill(schedule);
  await dialog.locator(".alert").getByText("They go from 02:00 to 03:00").waitFor();
  await schedule.close();
});

test("what is missing is said before anything is sent, and what the service finds wrong is named", async () => {
  const schedule = await Schedule.open(browser, service, { ...day("2026-11-27"), failures: [422] });
  await click(schedule, "2026-11-27", 10);
  const dialog = schedule.dialog();
  const submit = dialog.getByRole("button", { name: "Book", exact: true });
  await submit.click();
  await dialog.locator(".alert").getByText("Choose at least one service.").waitFor();
  await dialog.getByLabel("Testing").check();
  await dialog.getByLabel("Fee").fill("1.234");
  await submit.click();
  await dialog.locator(".alert").getByText("at most two decimals").waitFor();
  await dialog.getByLabel("Fee").fill("1");
  await service.send("DELETE", "/services/789");
  await submit.click();
  await dialog.locator(".alert").getByText(/Services: .*789/).waitFor();
  await service.send("POST", "/services", { id: "789", name: "Testing" });
  assert.deepEqual(await orders("2026-11-27"), []);
  await schedule.close();
});

test("a form that is opened before the services are loaded offers them when they are", async () => {
  const schedule = await Schedule.open(browser, service, day("2026-12-07"));
  /** @type {() => void} */
  let answer = () => {};
  const isOpen = new Promise((resolve) => {
    answer = () => resolve(undefined);
  });
  await schedule.page.route("**/services*", async (route) => {
    await isOpen;
    await route.continue();
  });
  await schedule.page.reload();
  await schedule.ready();
  await schedule.page.locator("#book").click();
  await schedule.dialog().getByText("Loading…").waitFor();
  answer();
  await schedule.dialog().getByLabel("Testing").check();
  await schedule.close();
});

test("an order is changed with the form", async () => {
  const { id } = await service.book("crew-01", "2026-12-08T08:00:00.123Z", { reference: "old", metadata: { gate: "B" } });
  const schedule = await Schedule.open(browser, service, day("2026-12-08"));
  await schedule.order(id).click();
  await schedule.dialog().getByRole("button", { name: "Change" }).click();
  const dialog = schedule.dialog();
  await dialog.getByLabel("Testing").check();
  await dialog.getByLabel("Fee").fill("120.5");
  await dialog.getByLabel("Reference").fill("");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  const { datetime, services, totalfee, reference, metadata } = await service.order(id);
  assert.deepEqual({ datetime, services, totalfee, reference, metadata }, {
    datetime: "2026-12-08T08:00:00.123Z", services: [{ id: "123" }, { id: "789" }], totalfee: 120.5, reference: undefined, metadata: { gate: "B" },
  });
  await schedule.order(id).getByText("Inspection, Testing").waitFor();
  assert.equal(await schedule.page.evaluate(() => document.activeElement.dataset.order), id);
  await schedule.close();
});

test("an order that somebody else has changed is not overwritten", async () => {
  const { id } = await service.book("crew-01", "2026-12-09T08:00:00Z");
  const schedule = await Schedule.open(browser, service, { ...day("2026-12-09"), failures: [412] });
  await schedule.order(id).click();
  await schedule.dialog().getByRole("button", { name: "Change" }).click();
  const dialog = schedule.dialog();
  await dialog.getByLabel("Fee").fill("5");
  await service.change(id, { totalfee: 77 });
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.locator(".alert").getByText("Somebody else changed this order. The order was not changed.").waitFor();
  await dialog.getByRole("button", { name: "Show the order as it is now" }).click();
  assert.equal(await schedule.dialog().getByLabel("Fee").inputValue(), "77");
  assert.equal((await service.order(id)).totalfee, 77);
  await schedule.close();
});

test("cancelling asks first", async () => {
  const { id } = await service.book("crew-01", "2026-12-10T08:00:00Z");
  const schedule = await Schedule.open(browser, service, day("2026-12-10"));
  await schedule.order(id).click();
  await schedule.dialog().getByRole("button", { name: "Cancel order…" }).click();
  await schedule.dialog().getByRole("button", { name: "Keep it" }).click();
  assert.equal((await service.order(id)).version, 1);
  await schedule.dialog().getByRole("button", { name: "Cancel order…" }).click();
  await schedule.dialog().getByRole("button", { name: "Cancel the order" }).click();
  await schedule.order(id).waitFor({ state: "detached" });
  await assert.rejects(service.order(id), /404/);
  await schedule.page.locator("#empty").getByText("No orders on this day.").waitFor();
  await schedule.close();
});

test("an answer that was lost does not book twice", async () => {
  const schedule = await Schedule.open(browser, service, { ...day("2026-12-11"), failures: ["offline"] });
  await click(schedule, "2026-12-11", 10);
  await schedule.page.route("**/orders", async (route) => {
    await route.fetch();
    await route.abort("connectionreset");
  }, { times: 1 });
  await fill(schedule);
  await schedule.dialog().locator(".alert").getByText("It is not known whether the order was booked").waitFor();
  await schedule.dialog().getByRole("button", { name: "Book", exact: true }).click();
  await schedule.dialog().waitFor({ state: "detached" });
  assert.equal((await orders("2026-12-11")).length, 1);
  await schedule.close();
});
