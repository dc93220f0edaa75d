/** The scenarios that every client runs, with this one: steps as data, and the little that reads them. */
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";

import { Client, ClientError, type Event, type FeedEvent } from "../src/index.js";
import { CuttingProxy } from "./cutting-proxy.js";
import { collected, type Given, METHODS } from "./scenario-methods.js";
import { type RunningServer, runningServer, SCENARIOS } from "./running-server.js";

type Json = Record<string, unknown>;

const SECONDS_MAX = 20;
const LARGE = "x".repeat(40_000);
const BYTES = new Uint8Array([0, 255, 32, 65, 66, 67]);
const GREETING = "graph: greeting\nnodes:\n  a: {value: hello}\n";

let server: RunningServer;

before(async () => {
  server = await runningServer();
});
after(() => server.stop());

for (const file of readdirSync(SCENARIOS).filter((name) => name.endsWith(".yaml"))) {
  const { does, steps } = parse(readFileSync(join(SCENARIOS, file), "utf8")) as { does: string; steps: Json[] };
  test(`${file}: ${does}`, async () => {
    const { hostname: host, port } = new URL(server.url);
    const proxy = new CuttingProxy({ host, port: Number(port) });
    const scenario = new Scenario(await proxy.listen(), proxy);
    try {
      for (const step of steps) await scenario.take(step);
    } finally {
      scenario.close();
      proxy.close();
    }
  });
}

/** One run of a scenario: what was kept by name, and what was heard. */
class Scenario {
  readonly #client: Client;
  readonly #proxy: CuttingProxy;
  readonly #over = new AbortController();
  readonly #kept: Json = {
    client: `typescript-${crypto.randomUUID()}`,
    large: LARGE,
    bytes: BYTES,
    archive: new Uint8Array(readFileSync(join(SCENARIOS, "archive.tar.gz"))),
    greeting: GREETING,
  };
  readonly #heard = new Map<string, Heard>();

  constructor(url: string, proxy: CuttingProxy) {
    this.#client = new Client({ url, key: "", patience: { firstSeconds: 0.01, awaySeconds: 2 } });
    this.#proxy = proxy;
  }

  close(): void {
    this.#over.abort();
  }

  async take(step: Json): Promise<void> {
    if ("call" in step) await this.#call(step);
    else if ("listen" in step)
      this.#listen(step["listen"] as string, step["to"] as string, this.#filled(step["with"]) as Given);
    else if ("hear" in step)
      await this.#heardIn(step["hear"]).until(step["until"] as string, this.#filled(step["run"]) as string | undefined);
    else if ("lossless" in step) await this.#compare(step["lossless"] as string, this.#filled(step["run"]) as string);
    else if ("cut" in step) this.#proxy.cut();
    else {
      const { refuse, swallow, cut_after_bytes: cutAfterBytes } = step;
      Object.assign(this.#proxy, JSON.parse(JSON.stringify({ refuse, swallow, cutAfterBytes })));
    }
  }

  async #call(step: Json): Promise<void> {
    const method = METHODS.get(step["call"] as string);
    assert.ok(method, JSON.stringify(step));
    const given = this.#filled(step["with"] ?? {}) as Given;
    const told = await method(this.#client, given, step["given"]).catch((error: unknown) => error);
    if (told instanceof ClientError) {
      assert.equal(told.code, step["raises"], `${JSON.stringify(step)}: ${told.message}`);
      return;
    }
    if (told instanceof Error) throw told;
    assert.ok(!("raises" in step), `${JSON.stringify(step)}: ${JSON.stringify(told)}`);
    this.#kept[step["as"] as string] = told;
    if (!("expect" in step)) return;
    const seen = "each" in step ? (told as Json[]).map((each) => each[step["each"] as string]) : (told ?? null);
    assert.ok(isLike(seen, this.#filled(step["expect"])), `${JSON.stringify(step)}: ${JSON.stringify(seen)}`);
  }

  #listen(name: string, to: string, given: Given): void {
    const signal = this.#over.signal;
    const { run, ...more } = given;
    const options = { ...more, signal };
    const heard = new Heard();
    this.#heard.set(name, heard);
    const told = to === "feed" ? this.#client.feed(options) : this.#client.stream(String(run), options);
    void heard.all(told).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  #heardIn(name: unknown): Heard {
    const heard = this.#heard.get(name as string);
    assert.ok(heard);
    return heard;
  }

  async #compare(name: string, run: string): Promise<void> {
    const onRecord = await collected(this.#client.events(run));
    assert.deepEqual(
      this.#heardIn(name).events.filter((event) => event.run === run),
      onRecord,
    );
  }

  /** What is written, with what was kept in the place of names. */
  #filled(written: unknown): unknown {
    if (Array.isArray(written)) return written.map((each) => this.#filled(each));
    if (typeof written === "object" && written !== null && !(written instanceof Uint8Array)) {
      return Object.fromEntries(Object.entries(written).map(([name, each]) => [name, this.#filled(each)]));
    }
    if (typeof written !== "string") return written;
    const whole = /^\$([a-z]+)((?:\.\w+)*)$/.exec(written);
    if (whole) return this.#found(whole[1] ?? "", whole[2] ?? "");
    return written.replace(/\$([a-z]+)((?:\.\w+)*)/g, (_, name: string, path: string) =>
      String(this.#found(name, path)),
    );
  }

  #found(name: string, path: string): unknown {
    return path
      .split(".")
      .slice(1)
      .reduce((found: unknown, part) => (found as Json)[part], this.#kept[name]);
  }
}

/** What was heard in one place. */
class Heard {
  readonly events: Event[] = [];
  readonly #more = new EventEmitter();

  async all(told: AsyncIterable<Event | FeedEvent>): Promise<void> {
    for await (const each of told) {
      this.events.push("place" in each ? each.event : each);
      this.#more.emit("more");
    }
  }

  async until(type: string, run: string | undefined): Promise<void> {
    const signal = AbortSignal.timeout(SECONDS_MAX * 1000);
    while (!this.events.some((event) => event.type === type && (run === undefined || event.run === run))) {
      await once(this.#more, "more", { signal });
    }
  }
}

/** Whether what is seen has at least what is expected, and lists are as long. */
function isLike(seen: unknown, expected: unknown): boolean {
  if (expected instanceof Uint8Array) return seen instanceof Uint8Array && Buffer.compare(seen, expected) === 0;
  if (Array.isArray(expected)) {
    return Array.isArray(seen) && seen.length === expected.length && expected.every((each, i) => isLike(seen[i], each));
  }
  if (typeof expected !== "object" || expected === null) return Object.is(seen, expected);
  if (typeof seen !== "object" || seen === null) return false;
  return Object.entries(expected).every(([name, each]) => name in seen && isLike((seen as Json)[name], each));
}
