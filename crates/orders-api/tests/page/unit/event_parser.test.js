import assert from "node:assert/strict";
import { test } from "node:test";

import { EventParser } from "../../../assets/schedule/event_parser.js";

const STREAM = 'retry: 1000\n\nid: 1_5\nevent: order.created\ndata: {"a": 1}\n\n: comment\nid: 2_6\n\nid: 3_7\r\ndata: x\r\ndata: y\r\n\r\n';

const EVENTS = [{ id: "1_5", data: '{"a": 1}' }, { id: "2_6", data: "" }, { id: "3_7", data: "x\ny" }];

test("events are the same wherever the pieces end", () => {
  for (let end = 0; end <= STREAM.length; end += 1) {
    const parser = new EventParser();
    const events = [...parser.push(STREAM.slice(0, end)), ...parser.push(STREAM.slice(end))];
    assert.deepEqual(events, EVENTS, `cut at ${end}`);
  }
});

test("an event that is not complete is none", () => {
  const parser = new EventParser();
  assert.deepEqual(parser.push("id: 1_5\ndata: x\n"), []);
  assert.deepEqual(parser.push("\n"), [{ id: "1_5", data: "x" }]);
});
