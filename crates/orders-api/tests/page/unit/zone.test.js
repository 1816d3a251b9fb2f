import assert from "node:assert/strict";
import { test } from "node:test";

import {
  DAY, HOUR, addDays, dateAt, endOfDay, hours, instantsOf, localAt, midnightOf, neighbour, offsetAt, startOfDay,
  transitions, weekOf,
} from "../../../assets/schedule/zone.js";

/** The random numbers of a run, always the same: mulberry32. */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const length = (zone, date) => (endOfDay(zone, date) - startOfDay(zone, date)) / HOUR;

test("days are as long as their zones have them", () => {
  for (const [zone, date, expected, start] of [
    ["UTC", "2026-03-29", 24, "2026-03-29T00:00:00.000Z"],
    ["Europe/Berlin", "2026-01-15", 24, "2026-01-14T23:00:00.000Z"],
    ["Europe/Berlin", "2026-03-29", 23, "2026-03-28T23:00:00.000Z"],
    ["Europe/Berlin", "2026-10-25", 25, "2026-10-24T22:00:00.000Z"],
    ["America/New_York", "2026-11-01", 25, "2026-11-01T04:00:00.000Z"],
    ["Australia/Lord_Howe", "2026-04-05", 24.5, "2026-04-04T13:00:00.000Z"],
    ["Australia/Lord_Howe", "2026-10-04", 23.5, "2026-10-03T13:30:00.000Z"],
    // The clocks go from 0:00 to 1:00, and back from 0:00 to 23:00 of the day before.
    ["America/Sao_Paulo", "2018-11-04", 23, "2018-11-04T03:00:00.000Z"],
    ["America/Sao_Paulo", "2018-02-17", 25, "2018-02-17T02:00:00.000Z"],
    ["Africa/Casablanca", "2026-03-22", 23, "2026-03-22T00:00:00.000Z"],
    ["Asia/Kathmandu", "2026-05-01", 24, "2026-04-30T18:15:00.000Z"],
  ]) {
    assert.equal(length(zone, date), expected, `${zone} ${date}`);
    assert.equal(new Date(startOfDay(zone, date)).toISOString(), start, `${zone} ${date}`);
  }
});

test("a day that does not exist is skipped", () => {
  assert.equal(startOfDay("Pacific/Apia", "2011-12-30"), null);
  assert.equal(neighbour("Pacific/Apia", "2011-12-29", 1), "2011-12-31");
  assert.equal(neighbour("Pacific/Apia", "2011-12-31", -1), "2011-12-29");
  assert.equal(length("Pacific/Apia", "2011-12-29"), 24);
  assert.equal(endOfDay("Pacific/Apia", "2011-12-29"), startOfDay("Pacific/Apia", "2011-12-31"));
  assert.deepEqual(weekOf("Pacific/Apia", "2011-12-31"), [
    "2011-12-26", "2011-12-27", "2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01",
  ]);
});

test("a local time is skipped, unique or repeated", () => {
  const local = (text) => Date.parse(`${text}Z`);
  const instants = (zone, text) => instantsOf(zone, local(text)).map((instant) => new Date(instant).toISOString());
  assert.deepEqual(instants("Europe/Berlin", "2026-03-29T02:30"), []);
  assert.deepEqual(instants("Europe/Berlin", "2026-03-29T03:00"), ["2026-03-29T01:00:00.000Z"]);
  assert.deepEqual(instants("Europe/Berlin", "2026-10-25T02:30"), ["2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z"]);
  assert.deepEqual(instants("Europe/Berlin", "2026-10-25T03:00"), ["2026-10-25T02:00:00.000Z"]);
  assert.deepEqual(instants("Australia/Lord_Howe", "2026-04-05T01:45"), ["2026-04-04T14:45:00.000Z", "2026-04-04T15:15:00.000Z"]);
  assert.deepEqual(instants("Pacific/Apia", "2011-12-30T12:00"), []);
});

test("the hours of a day are where the clocks show them", () => {
  const shown = (zone, date) => hours(zone, startOfDay(zone, date), endOfDay(zone, date)).map((at) => new Date(localAt(zone, at)).getUTCHours());
  assert.deepEqual(shown("Europe/Berlin", "2026-10-25").slice(0, 6), [0, 1, 2, 2, 3, 4]);
  assert.deepEqual(shown("Europe/Berlin", "2026-03-29").slice(0, 4), [0, 1, 3, 4]);
  assert.equal(shown("America/Sao_Paulo", "2018-11-04")[0], 1);
  const at = hours("Australia/Lord_Howe", startOfDay("Australia/Lord_Howe", "2026-04-05"), endOfDay("Australia/Lord_Howe", "2026-04-05"));
  assert.deepEqual(at.slice(0, 4).map((hour) => (hour - at[0]) / HOUR), [0, 1, 2.5, 3.5]);
});

test("transitions are found to the millisecond", () => {
  const [change] = transitions("Europe/Berlin", startOfDay("Europe/Berlin", "2026-10-25"), endOfDay("Europe/Berlin", "2026-10-25"));
  assert.deepEqual(change, { at: Date.parse("2026-10-25T01:00:00Z"), by: -HOUR });
  assert.deepEqual(transitions("UTC", 0, DAY), []);
});

test("dates are dates", () => {
  assert.equal(addDays("2024-02-28", 1), "2024-02-29");
  assert.equal(addDays("0099-12-31", 1), "0100-01-01");
  for (const wrong of ["2026-02-30", "2026-13-01", "26-01-01", "", "2026-01-01T00:00", "0000-01-01"]) {
    assert.ok(Number.isNaN(midnightOf(wrong)), wrong);
  }
  assert.equal(dateAt("America/New_York", Date.parse("0050-01-01T12:00:00Z")), "0050-01-01");
});

test("in every zone, days follow each other without a gap and without an overlap", () => {
  const next = random(18);
  for (const zone of Intl.supportedValuesOf("timeZone")) {
    for (let run = 0; run < 12; run += 1) {
      const instant = Math.floor(next() * 70 * 365) * DAY + Math.floor(next() * DAY);
      const date = dateAt(zone, instant);
      const [start, end] = [startOfDay(zone, date), endOfDay(zone, date)];
      const name = `${zone} ${date}`;
      assert.ok(start !== null && start <= instant && instant < end, name);
      assert.equal(endOfDay(zone, neighbour(zone, date, -1)), start, name);
      assert.ok(end - start >= 20 * HOUR && end - start <= 28 * HOUR, name);
      assert.equal(dateAt(zone, start), date, name);
    }
  }
});

test("in every zone, an instant is among those of its local time", () => {
  const next = random(19);
  for (const zone of Intl.supportedValuesOf("timeZone")) {
    for (let run = 0; run < 12; run += 1) {
      const instant = Math.floor(next() * 70 * 365 * DAY);
      const local = localAt(zone, instant);
      assert.equal(local - offsetAt(zone, instant), instant);
      assert.ok(instantsOf(zone, local).includes(instant), `${zone} ${new Date(instant).toISOString()}`);
    }
  }
});
