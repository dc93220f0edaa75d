/** When the client asks again, how it follows, and what it throws: a scripted server answers, and nothing is sent. */
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Client,
  ClientError,
  Invalid,
  KeyRefused,
  NotFound,
  RunNotFound,
  ServerFailed,
  TooMany,
  Unreachable,
} from "../src/index.js";
import { answered, failed, problem, type Said, scripted, streamOf } from "./scripted-server.js";

const WELL = { status: "ok", dependencies: [] };
const ROW = { run: "r", status: "pending" };

function scene(...answers: Said[]): { client: Client; asked: Request[] } {
  const { fetch, asked } = scripted(...answers);
  return {
    client: new Client({ url: "http://server/", key: "ilk_a", patience: { firstSeconds: 0.001 }, fetch }),
    asked,
  };
}

function frame(seq: number, type: string, id = String(seq)): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ run: "r", seq, type })}\n\n`;
}

async function collected<T>(told: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of told) found.push(each);
  return found;
}

test("what only looks is asked again, with the key", async () => {
  const { client, asked } = scene(failed("UND_ERR_SOCKET"), problem(503, "stopping"), answered(WELL));

  assert.deepEqual(await client.health(), WELL);
  assert.deepEqual(
    asked.map((each) => each.url),
    Array(3).fill("http://server/v1/health"),
  );
  assert.equal(asked[0]?.headers.get("authorization"), "Bearer ilk_a");
});

test("a start is repeated under one key", async () => {
  const { client, asked } = scene(failed("UND_ERR_SOCKET"), answered(ROW, 202));

  await client.start("hello", { name: "Ada" });

  const [first, second] = await Promise.all(asked.map((each) => each.text()));
  assert.equal(first, second);
  assert.match(first ?? "", /"key":"client-[0-9a-f]{32}"/);
});

test("what may have been done is not asked for again", async () => {
  const { client, asked } = scene(failed("UND_ERR_SOCKET"), answered({}));

  await assert.rejects(client.pause("r"), (error) => error instanceof Unreachable && error.inDoubt);
  assert.equal(asked.length, 1);
});

test("what never left is sent again whatever it is", async () => {
  const { client, asked } = scene(failed("ECONNREFUSED"), answered({ run: ROW, recorded: true }, 202));

  await client.pause("r");
  assert.equal(asked.length, 2);
});

test("who is told to come much later learns that at once", async () => {
  const { client } = scene(problem(429, "too_many_runs", { "retry-after": "3600" }));

  await assert.rejects(client.health(), (error) => error instanceof TooMany && error.retryAfterSeconds === 3600);
});

for (const [status, code, kind] of [
  [404, "run_not_found", RunNotFound],
  [404, "of_a_later_server", NotFound],
  [401, "key_required", KeyRefused],
  [422, "of_a_later_server", Invalid],
  [500, "of_a_later_server", ServerFailed],
] as const) {
  test(`${status} ${code} is a ${kind.name}`, async () => {
    const { client } = scene(problem(status, code));

    await assert.rejects(
      client.get("r"),
      (error) => error instanceof kind && error.code === code && error.request === "r1",
    );
  });
}

test("an answer that is no JSON is told as such", async () => {
  const { client } = scene(new Response("<html>"));

  await assert.rejects(client.get("r"), { name: "NotUnderstood", code: "not_understood" });
});

test("what is no JSON is refused before it is sent", () => {
  const { client, asked } = scene();

  assert.throws(() => void client.start("hello", { n: NaN }), Invalid);
  assert.throws(() => void client.start("hello", { n: 1n }), Invalid);
  assert.throws(() => void client.start("hello", { n: () => 1 }), Invalid);
  assert.throws(() => void client.get(""), Invalid);
  assert.equal(asked.length, 0);
});

test("a stream that breaks off goes on behind the last whole event", async () => {
  const third = frame(3, "node.failed");
  const { client, asked } = scene(
    streamOf(frame(1, "run.started"), frame(2, "node.started") + third.slice(0, 9)),
    failed("ECONNREFUSED"),
    problem(503, "stopping"),
    streamOf(third, frame(4, "run.ended"), frame(5, "never.told")),
  );

  const told = await collected(client.stream("r"));

  assert.deepEqual(
    told.map((each) => each.seq),
    [1, 2, 3, 4],
  );
  assert.deepEqual(
    asked.map((each) => each.headers.get("last-event-id")),
    [null, "2", "2", "2"],
  );
});

test("a follower who is cut off before the first event goes on where the stream began", async () => {
  const { client, asked } = scene(streamOf("id: 40\n\n"), streamOf(frame(1, "run.started", "41.1")));

  for await (const { place } of client.feed({ graphs: ["hello"] })) {
    assert.equal(place, "41.1");
    break;
  }
  assert.deepEqual(
    asked.map((each) => each.headers.get("last-event-id")),
    [null, "40"],
  );
});

test("a stream of a run that has ended has nothing to tell", async () => {
  const { client } = scene(new Response(null, { status: 204 }));

  assert.deepEqual(await collected(client.stream("r", { after: 9 })), []);
});

test("what a server refuses ends a stream", async () => {
  const { client } = scene(problem(404, "run_not_found"));

  await assert.rejects(collected(client.stream("r")), RunNotFound);
});

test("a signal ends a call, a pause and a stream", async () => {
  const over = new AbortController();
  const client = new Client({
    url: "http://server",
    fetch: (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener("abort", () => {
          reject(init.signal?.reason as Error);
        });
      }),
  });
  const calls = [client.get("r", { signal: over.signal }), collected(client.stream("r", { signal: over.signal }))];

  over.abort(new Error("enough"));

  for (const call of calls) await assert.rejects(call, { message: "enough" });
});

test("lists are fetched as far as somebody reads", async () => {
  const { client, asked } = scene(answered({ runs: [ROW, ROW], next: "more" }), answered({ runs: [ROW], next: null }));

  const runs = client.runs({ status: ["failed", "cancelled"], labels: { team: "blue" } });
  await runs.next();
  assert.equal(asked.length, 1);

  assert.equal((await collected(runs)).length, 2);
  assert.equal(
    new URL(asked[1]?.url ?? "").search,
    "?status=failed&status=cancelled&label=team%3Ablue&limit=100&cursor=more",
  );
});

for (const url of ["localhost:8000", "ftp://x", "http://x?a=1", "http://me@x", "x"]) {
  test(`${url} is no address of a server`, () => {
    assert.throws(
      () => new Client({ url }),
      (error) => error instanceof ClientError && error.code === "invalid_address",
    );
  });
}

test("a key with a line break in it would be a header of somebody else's", () => {
  assert.throws(() => new Client({ url: "http://x", key: "ilk_a\r\nhost: y" }), { code: "invalid_key" });
});
