/** Moving orders with the mouse and the keyboard. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Schedule } from "../support/browser.js";
import { browser, service, start } from "../support/fixture.js";

start(async () => {
  await service.calendar("crew-01", "Crew 1");
  await service.calendar("crew-02", "Crew 2");
});

const utc = (day) => ({ address: { day, zone: "UTC" } });

/** Drags an order to an hour of the day in a row, holding it at its beginning. */
async function drag(schedule, id, key, hour, { drops = true } = {}) {
  const from = Date.parse(`${key.slice(0, 10)}T00:00:00Z`);
  const box = await schedule.order(id).boundingBox();
  const to = await schedule.point(key, { from, at: from + hour * 3_600_000 });
  const { mouse } = schedule.page;
  await mouse.move(box.x + 4, box.y + box.height / 2);
  await mouse.down();
  await mouse.move(box.x + 30, box.y + box.height / 2, { steps: 3 });
  await mouse.move(to.x + 4, to.y, { steps: 6 });
  if (drops) {
    await mouse.up();
  }
}

async function settled(schedule) {
  await schedule.page.locator(".moving, .saving").waitFor({ state: "detached" });
}

test("an order is dragged to another time and another calendar, and the move can be undone", async () => {
  const { id } = await service.book("crew-01", "2026-11-24T08:00:00Z");
  const schedule = await Schedule.open(browser, service, utc("2026-11-24"));
  await drag(schedule, id, "2026-11-24 crew-02", 14.25);
  await schedule.notice().getByText("Moved to Tue 24 Nov 2026, 14:15 UTC.").waitFor();
  let { datetime, calendar } = await service.order(id);
  assert.deepEqual([datetime, calendar], ["2026-11-24T14:15:00Z", "crew-02"]);
  assert.equal(await schedule.row("2026-11-24 crew-02").locator(`[data-order="${id}"]`).count(), 1);
  assert.equal(await schedule.dialog().count(), 0);
  await schedule.notice().getByRole("button", { name: "Undo" }).click();
  await schedule.notice().getByText("08:00 UTC").waitFor();
  ({ datetime, calendar } = await service.order(id));
  assert.deepEqual([datetime, calendar], ["2026-11-24T08:00:00Z", "crew-01"]);
  await schedule.close();
});

test("a rejected move returns, says why and offers the nearest times", async () => {
  const { id } = await service.book("crew-01", "2026-11-25T06:00:00Z");
  const other = await service.book("crew-01", "2026-11-25T12:00:00.5Z", { id: "other" });
  const schedule = await Schedule.open(browser, service, { ...utc("2026-11-25"), failures: [409] });
  await drag(schedule, id, "2026-11-25 crew-01", 13);
  await schedule.notice().getByText(`Not moved. Less than 3 hours from order ${other.id} at 12:00:00.500 UTC.`).waitFor();
  await settled(schedule);
  await schedule.page.waitForFunction((order) => !document.querySelector(`[data-order="${order}"]`).parentElement.getAnimations().length, id);
  assert.deepEqual(await schedule.hours(id), { start: 6, length: 3 });
  await schedule.notice().getByRole("button", { name: "Move to 15:00:00.500 UTC" }).click();
  await schedule.notice().getByText("Moved to").waitFor();
  assert.equal((await service.order(id)).datetime, "2026-11-25T15:00:00.500Z");
  await schedule.close();
});

test("a place that is too close is marked while an order is dragged, and Escape leaves it where it is", async () => {
  const { id } = await service.book("crew-01", "2026-11-26T06:00:00Z");
  await service.book("crew-01", "2026-11-26T12:00:00Z");
  const schedule = await Schedule.open(browser, service, utc("2026-11-26"));
  await drag(schedule, id, "2026-11-26 crew-01", 12.5, { drops: false });
  await schedule.page.locator(".order.rejected .tip").getByText("12:30 UTC").waitFor();
  await schedule.page.keyboard.press("Escape");
  await settled(schedule);
  await schedule.page.mouse.up();
  assert.equal((await service.order(id)).version, 1);
  assert.equal(await schedule.dialog().count(), 0);
  // The next click is one.
  await schedule.order(id).click();
  await schedule.dialog().waitFor();
  await schedule.close();
});

test("Shift and the arrows move an order by 15 minutes and by a row, and it keeps the focus", async () => {
  const { id } = await service.book("crew-01", "2026-11-27T08:00:00Z");
  const schedule = await Schedule.open(browser, service, utc("2026-11-27"));
  const { keyboard } = schedule.page;
  await schedule.order(id).focus();
  const press = async (key, datetime, calendar = "crew-01") => {
    await keyboard.press(key);
    await schedule.notice().getByText(datetime.slice(11, 16)).waitFor();
    await settled(schedule);
    const order = await service.order(id);
    assert.deepEqual([order.datetime, order.calendar], [datetime, calendar], key);
    assert.equal(await schedule.page.evaluate(() => document.activeElement.dataset.order), id);
    await schedule.page.locator(".notice .icon-button").last().click();
    await schedule.order(id).focus();
  };
  await press("Shift+ArrowRight", "2026-11-27T08:15:00Z");
  await press("Shift+ArrowLeft", "2026-11-27T08:00:00Z");
  await press("Shift+ArrowDown", "2026-11-27T08:00:00Z", "crew-02");
  await press("Shift+ArrowUp", "2026-11-27T08:00:00Z", "crew-01");
  // Several steps are one move.
  await keyboard.down("Shift");
  for (let step = 0; step < 4; step += 1) {
    await keyboard.press("ArrowRight");
  }
  assert.match(await schedule.page.locator("#spoken").innerText(), /09:00 UTC/);
  await keyboard.up("Shift");
  await schedule.notice().getByText("09:00").waitFor();
  assert.equal((await service.order(id)).version, 6);
  // Escape leaves it.
  await keyboard.down("Shift");
  await keyboard.press("ArrowRight");
  await keyboard.press("Escape");
  await keyboard.up("Shift");
  assert.equal((await service.order(id)).version, 6);
  await schedule.close();
});

test("in a week, a row up or down is the same time of another day", async () => {
  // The clocks go back between the two days.
  const { id } = await service.book("crew-01", "2026-10-24T07:00:00Z");
  const address = { day: "2026-10-24", view: "week", calendar: "crew-01", zone: "Europe/Berlin" };
  const schedule = await Schedule.open(browser, service, { address });
  await schedule.order(id).focus();
  await schedule.page.keyboard.press("Shift+ArrowDown");
  await schedule.notice().getByText("Moved to Sun 25 Oct 2026, 09:00 UTC+1.").waitFor();
  assert.equal((await service.order(id)).datetime, "2026-10-25T08:00:00Z");
  await schedule.close();
});

test("an order that somebody else changed meanwhile is not moved", async () => {
  const { id } = await service.book("crew-01", "2026-11-28T08:00:00Z");
  const schedule = await Schedule.open(browser, service, { ...utc("2026-11-28"), failures: [412] });
  await drag(schedule, id, "2026-11-28 crew-01", 14, { drops: false });
  await service.change(id, { totalfee: 1 });
  await schedule.page.mouse.up();
  await schedule.notice().getByText("Somebody else changed this order. The order was not moved.").waitFor();
  assert.equal((await service.order(id)).datetime, "2026-11-28T08:00:00Z");
  await schedule.close();
});

test("an order that is cancelled or loaded again under the mouse is not moved", async () => {
  const { id } = await service.book("crew-01", "2026-12-01T08:00:00Z");
  const schedule = await Schedule.open(browser, service, utc("2026-12-01"));
  await schedule.live();
  const { mouse } = schedule.page;
  const box = await schedule.order(id).boundingBox();
  await mouse.move(box.x + 4, box.y + 4);
  await mouse.down();
  await service.cancel(id);
  await schedule.order(id).waitFor({ state: "detached" });
  await mouse.move(box.x + 200, box.y + 4, { steps: 4 });
  await mouse.up();
  const other = await service.book("crew-01", "2026-12-01T08:00:00Z");
  await schedule.order(other.id).waitFor();
  await drag(schedule, other.id, "2026-12-01 crew-02", 14, { drops: false });
  // A new calendar loads everything again.
  await service.calendar("crew-03", "Crew 3");
  const third = await service.book("crew-03", "2026-12-01T08:00:00Z");
  await schedule.order(third.id).waitFor();
  await schedule.order(other.id).waitFor();
  await mouse.up();
  assert.equal((await service.order(other.id)).version, 1);
  assert.equal(await schedule.page.locator(".notice, .moving").count(), 0);
  await schedule.close();
});

test("an order that somebody else moves stays under the mouse until it is released", async () => {
  const { id } = await service.book("crew-01", "2026-12-03T08:00:00Z");
  const schedule = await Schedule.open(browser, service, utc("2026-12-03"));
  await schedule.live();
  await drag(schedule, id, "2026-12-03 crew-01", 14, { drops: false });
  const before = await schedule.order(id).boundingBox();
  await service.change(id, { datetime: "2026-12-03T06:00:00Z" });
  await schedule.order(id).getByText("06:00").waitFor();
  assert.deepEqual(await schedule.order(id).boundingBox(), before);
  await schedule.page.keyboard.press("Escape");
  await schedule.page.mouse.up();
  await schedule.page.waitForFunction((order) => !document.querySelector(`[data-order="${order}"]`).parentElement.getAnimations().length, id);
  assert.deepEqual(await schedule.hours(id), { start: 6, length: 3 });
  await schedule.close();
});

test("an order that is cancelled while the keyboard moves it is gone, and its row has the focus", async () => {
  const { id } = await service.book("crew-01", "2026-12-04T08:00:00Z");
  const schedule = await Schedule.open(browser, service, utc("2026-12-04"));
  await schedule.live();
  await schedule.order(id).focus();
  await schedule.page.keyboard.down("Shift");
  await schedule.page.keyboard.press("ArrowRight");
  await service.cancel(id);
  await schedule.order(id).waitFor({ state: "detached" });
  await schedule.page.keyboard.up("Shift");
  assert.equal(await schedule.page.evaluate(() => document.activeElement.closest(".row").dataset.key), "2026-12-04 crew-01");
  await schedule.page.locator('.row .free [data-free="2026-12-04T00:00:00Z"]').first().waitFor();
  assert.equal(await schedule.page.locator(".notice, .moving").count(), 0);
  await schedule.close();
});

test("an order does not follow a mouse whose button was released elsewhere", async () => {
  const { id } = await service.book("crew-01", "2026-12-02T08:00:00Z");
  const schedule = await Schedule.open(browser, service, utc("2026-12-02"));
  await schedule.order(id).evaluate((block) => {
    const { x, y } = block.getBoundingClientRect();
    block.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, clientX: x + 4, clientY: y + 4, pointerType: "mouse" }));
  });
  const box = await schedule.order(id).boundingBox();
  await schedule.page.mouse.move(box.x + 200, box.y + 4, { steps: 4 });
  assert.equal(await schedule.page.locator(".moving").count(), 0);
  await schedule.close();
});

test("the board is used with the keyboard alone", async () => {
  const first = await service.book("crew-01", "2022-12-01T04:00:00Z");
  const second = await service.book("crew-02", "2022-12-01T05:00:00Z");
  const schedule = await Schedule.open(browser, service, utc("2022-12-01"));
  const { keyboard } = schedule.page;
  const focused = () => schedule.page.evaluate(() => {
    const { dataset, classList } = document.activeElement;
    return dataset.order ?? dataset.free ?? [...classList].join();
  });
  // One stop of the Tab key.
  assert.equal(await schedule.page.locator('#board [tabindex="0"]').count(), 1);
  await schedule.row("2022-12-01 crew-01").locator(".name").focus();
  await keyboard.press("ArrowRight");
  assert.equal(await focused(), "2022-12-01T00:00:00Z");
  await keyboard.press("ArrowRight");
  assert.equal(await focused(), first.id);
  await keyboard.press("ArrowDown");
  assert.equal(await focused(), second.id);
  await keyboard.press("Home");
  assert.equal(await focused(), "name");
  await keyboard.press("End");
  assert.equal(await focused(), "2022-12-01T08:00:00Z");
  await keyboard.press("Enter");
  assert.equal(await schedule.dialog().getByLabel("Calendar").inputValue(), "crew-02");
  assert.equal(await schedule.dialog().getByLabel("Time").inputValue(), "08:00");
  await keyboard.press("Escape");
  assert.equal(await focused(), "2022-12-01T08:00:00Z");
  await schedule.order(second.id).focus();
  await keyboard.press("Delete");
  await schedule.dialog().getByText("Cancel this order?").waitFor();
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await schedule.order(second.id).waitFor({ state: "detached" });
  assert.equal(await focused(), "name");
  await schedule.close();
});
