import assert from "node:assert/strict";
import { test } from "node:test";

import { ZOOMS, angle, bookable, earliest, lanes, legibleZoom, narrowestHour, place, snap, taken, visible } from "../../../assets/schedule/layout.js";
import { HOUR, MINUTE } from "../../../assets/schedule/zone.js";

const day = { from: 0, to: 24 * HOUR };

test("a span is placed by the time since midnight", () => {
  assert.deepEqual(place(day, { from: 6 * HOUR, to: 9 * HOUR }), { left: 25, width: 12.5, before: false, after: false });
  const long = { from: 0, to: 25 * HOUR };
  assert.equal(place(long, { from: 5 * HOUR, to: 10 * HOUR }).left, 20);
});

test("a span that begins before the day or ends after it is cut", () => {
  assert.deepEqual(place(day, { from: -2 * HOUR, to: 6 * HOUR }), { left: 0, width: 25, before: true, after: false });
  assert.deepEqual(place(day, { from: 18 * HOUR, to: 30 * HOUR }), { left: 75, width: 25, before: false, after: true });
  assert.deepEqual(place(day, { from: -HOUR, to: 48 * HOUR }), { left: 0, width: 100, before: true, after: true });
  assert.equal(place(day, { from: -3 * HOUR, to: 0 }), null);
  assert.equal(place(day, { from: 24 * HOUR, to: 25 * HOUR }), null);
});

test("orders without a gap share the height of the row", () => {
  const spans = [0, 0, 10 * MINUTE, 40 * MINUTE].map((start) => taken(start, 0));
  assert.deepEqual(lanes(spans), { assigned: [0, 1, 2, 0], count: 3 });
  assert.deepEqual(lanes([taken(0, 3 * HOUR), taken(3 * HOUR, 3 * HOUR)]), { assigned: [0, 0], count: 1 });
  assert.deepEqual(lanes([]), { assigned: [], count: 1 });
});

test("times snap to quarters of an hour since midnight", () => {
  assert.equal(snap(22 * MINUTE, 0), 15 * MINUTE);
  assert.equal(snap(23 * MINUTE, 0), 30 * MINUTE);
  assert.equal(snap(HOUR + 20 * MINUTE, HOUR + 5 * MINUTE), HOUR + 20 * MINUTE);
});

test("a click books the quarter before it, but not before the interval begins", () => {
  const interval = { from: "1970-01-01T08:11:11.111001Z", to: "1970-01-01T12:00:00Z" };
  assert.equal(bookable(interval, 9 * HOUR + 14 * MINUTE, 0), 9 * HOUR);
  assert.equal(bookable(interval, 8 * HOUR + 14 * MINUTE, 0), interval.from);
});

test("the keyboard books the first quarter that is not past", () => {
  const interval = { from: "1970-01-01T08:11:11.111Z", to: "1970-01-01T12:00:00Z" };
  assert.equal(earliest(interval, 0, 0), 8 * HOUR + 15 * MINUTE);
  assert.equal(earliest(interval, 10 * HOUR + MINUTE, 0), 10 * HOUR + 15 * MINUTE);
  assert.equal(earliest(interval, 30 * HOUR, 0), 8 * HOUR + 15 * MINUTE);
  const short = { from: "1970-01-01T08:11:00.5Z", to: "1970-01-01T08:14:00Z" };
  assert.equal(earliest(short, 0, 0), short.from);
});

test("only the rows that can be seen and a few around them are rendered", () => {
  assert.deepEqual(visible({ scrollTop: 0, height: 640, rowHeight: 64, count: 1000 }), { first: 0, last: 14 });
  assert.deepEqual(visible({ scrollTop: 6400, height: 640, rowHeight: 64, count: 1000 }), { first: 96, last: 114 });
  assert.deepEqual(visible({ scrollTop: 64000, height: 640, rowHeight: 64, count: 10 }), { first: 10, last: 10 });
});

test("the longest day fits, if its hours can be read then", () => {
  assert.equal(narrowestHour([day], 2400), 100);
  assert.equal(narrowestHour([day, { from: 0, to: 25 * HOUR }], 2500), 100);
  assert.equal(narrowestHour([], 2400), 100);
  assert.equal(narrowestHour([day], 300), 44);
});

test("hours are as wide as most orders need to be read, within limits", () => {
  assert.equal(ZOOMS[legibleZoom([3 * HOUR, 3 * HOUR, MINUTE], 44)], 1);
  assert.equal(ZOOMS[legibleZoom([HOUR], 50)], 2.2);
  assert.equal(ZOOMS[legibleZoom([MINUTE], 44)], 3.3);
  assert.equal(ZOOMS[legibleZoom([0], 110)], 1);
});

test("the colours of many services are far apart", () => {
  const angles = Array.from({ length: 8 }, (_, index) => angle(index)).sort((a, b) => a - b);
  angles.forEach((one, index) => {
    const next = angles[index + 1] ?? angles[0] + 360;
    assert.ok(next - one >= 20, `${one} and ${next}`);
  });
});
