import assert from "node:assert/strict";
import { test } from "node:test";

import { read, write } from "../../../assets/schedule/address.js";

const TODAY = { day: "2026-11-24", view: "day", calendar: "", zone: "UTC" };

test("an address is read as it was written", () => {
  for (const address of [
    TODAY,
    { day: "2022-11-01", view: "week", calendar: "crew-01", zone: "America/Argentina/Buenos_Aires" },
  ]) {
    assert.deepEqual(read(write(address), TODAY), address);
  }
  assert.equal(write({ ...TODAY, zone: "Europe/Berlin" }), "#day=2026-11-24&view=day&zone=Europe/Berlin");
});

test("what is missing or wrong is taken from elsewhere", () => {
  for (const fragment of ["", "#", "#day=2026-02-30&zone=Mars/Base&view=month", "#view=week", "#day=9999-12-31", "#day=0001-01-01"]) {
    assert.deepEqual(read(fragment, TODAY), TODAY, fragment);
  }
});
