import assert from "node:assert/strict";
import { test } from "node:test";

import * as format from "../../../assets/schedule/format.js";
import { HOUR, MINUTE } from "../../../assets/schedule/zone.js";

test("a time is as short as it can be without rounding", () => {
  for (const [datetime, expected] of [
    ["2022-11-01T11:00:00Z", "12:00"],
    ["2022-11-01T11:11:11Z", "12:11:11"],
    ["2022-11-01T11:11:11.111Z", "12:11:11.111"],
    ["2022-11-01T11:11:11.111001Z", "12:11:11.111001"],
    ["2022-11-01T11:11:00.5Z", "12:11:00.5"],
  ]) {
    assert.equal(format.time("Europe/Berlin", datetime), expected);
  }
});

test("a free interval ends with the microsecond before its end", () => {
  assert.equal(format.justBefore("2022-11-01T08:11:11.111001Z"), "2022-11-01T08:11:11.111Z");
  assert.equal(format.justBefore("2022-11-01T08:11:11.500Z"), "2022-11-01T08:11:11.499999Z");
  assert.equal(format.justBefore("2022-11-01T08:11:11.000001Z"), "2022-11-01T08:11:11Z");
  assert.equal(format.justBefore("2022-11-01T08:11:11Z"), "2022-11-01T08:11:11Z");
});

test("a time is shown with the offset that it has", () => {
  assert.equal(format.timeWithOffset("Europe/Berlin", "2026-10-25T00:30:00Z"), "02:30 UTC+2");
  assert.equal(format.timeWithOffset("Europe/Berlin", "2026-10-25T01:30:00Z"), "02:30 UTC+1");
  assert.equal(format.offset("UTC", 0), "UTC");
  assert.equal(format.offset("Asia/Kathmandu", Date.parse("2026-01-01")), "UTC+5:45");
  assert.equal(format.offset("America/St_Johns", Date.parse("2026-01-01")), "UTC−3:30");
  assert.equal(format.offset("America/Denver", Date.parse("1850-01-01")), "UTC−7");
  assert.equal(format.dateTime("Europe/Berlin", "2022-11-01T23:30:00Z"), "Wed 2 Nov 2022, 00:30 UTC+1");
});

test("an earlier day is a weekday, unless there is a later one of that name", () => {
  const before = Date.parse("2026-11-24T00:00:00Z");
  assert.equal(format.earlierDay("UTC", before - HOUR, before), "Mon");
  assert.equal(format.earlierDay("UTC", Date.parse("2026-11-18T00:00:01Z"), before), "Wed");
  assert.equal(format.earlierDay("UTC", Date.parse("2026-11-17T12:00:00Z"), before), "Tue 17 Nov");
});

test("days and fees are written out", () => {
  assert.equal(format.longDay("2026-11-24"), "Tuesday 24 November 2026");
  assert.equal(format.shortDay("2026-11-24"), "Tue 24 Nov");
  assert.equal(format.week("2026-12-28", "2027-01-03"), "28 Dec – 3 Jan 2027");
  assert.equal(format.money(100), "100");
  assert.equal(format.money(99.95), "99.95");
  assert.equal(format.money(120.5), "120.50");
  assert.equal(format.money(9999999999.99), "9,999,999,999.99");
});

test("durations are read and written", () => {
  for (const [text, length, words] of [
    ["PT3H", 3 * HOUR, "3 hours"],
    ["PT45M", 45 * MINUTE, "45 minutes"],
    ["P1DT12H", 36 * HOUR, "1 day 12 hours"],
    ["PT1H30M", 90 * MINUTE, "1 hour 30 minutes"],
    ["PT0.5S", 500, "0.5 seconds"],
    ["PT0S", 0, "0 seconds"],
    ["P31D", 31 * 24 * HOUR, "31 days"],
  ]) {
    assert.equal(format.millis(text), length);
    assert.equal(format.inWords(length), words);
  }
  assert.ok(Number.isNaN(format.millis("P1M")));
});

test("an instant is written as the service takes it", () => {
  assert.equal(format.rfc3339(Date.parse("2026-11-24T08:15:00Z")), "2026-11-24T08:15:00Z");
  assert.equal(format.rfc3339(Date.parse("2026-11-24T08:15:00.250Z")), "2026-11-24T08:15:00.250Z");
});
