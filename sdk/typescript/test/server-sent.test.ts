/** Server-sent events: as the standard has them, however the network cuts them. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { FrameReader } from "../src/server-sent.js";

const STREAM =
  ": hello\n\nid: 1\nevent: a\ndata: {}\n\nid: 2\r\nevent: b\r\ndata: one\r\ndata: two\r\n\r\n" +
  "data\rretry: 5\r\rid: x\0y\ndata:  spaced\n\nid: 3\n\nevent: gone\n\ndata: half";
const FRAMES = [
  { id: "1", type: "a", data: "{}" },
  { id: "2", type: "b", data: "one\ntwo" },
  { id: "2", type: "message", data: "" },
  { id: "2", type: "message", data: " spaced" },
];

test("wherever it is cut the same events come out", () => {
  for (let first = 0; first <= STREAM.length; first++) {
    for (let second = first; second <= STREAM.length; second++) {
      const reader = new FrameReader();
      const pieces = [STREAM.slice(0, first), STREAM.slice(first, second), STREAM.slice(second)];

      const told = pieces.flatMap((piece) => reader.feed(piece));

      assert.deepEqual([told, reader.lastId], [FRAMES, "3"], `cut at ${first} and ${second}`);
    }
  }
});

test("an event without its end was not heard", () => {
  const reader = new FrameReader("8");

  assert.deepEqual([reader.feed("id: 9\ndata: {}\n"), reader.lastId], [[], "8"]);
});
