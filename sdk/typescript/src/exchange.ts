/** The exchange with one server: calls are made as often as it takes, streams are heard through whatever breaks them. */
import { notUnderstood, errorTold, judged } from "./judging.js";
import type { Patience } from "./patience.js";
import { type Answer, Broken, type Call, type Request } from "./requests.js";
import { pauseBeforeAnother, pauseBeforeReopening } from "./retrying.js";
import { type Connecting, type Line, open, send } from "./sending.js";
import { type Frame, FrameReader } from "./server-sent.js";

/** For how long a stream may be silent: a server sends a heartbeat every 15 seconds. */
const SILENCE_SECONDS = 45;
/** By what part of it a pause is at most longer than it has to be, so that many clients do not come back as one. */
const LONGER_BY = 0.5;

/** What ends a call or a stream before it has ended by itself. */
export interface Abortable {
  signal?: AbortSignal | undefined;
}

/** One server, and how patient its client is. */
export class Exchange {
  constructor(
    readonly connecting: Connecting,
    readonly patience: Patience,
  ) {}

  /** Make a call until something has come of it, or nothing will. */
  async make<T>(call: Call<T>, signal?: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await send(call.request, this.connecting, signal);
      const pause = pauseBeforeAnother(call, outcome, attempt, this.patience);
      if (pause === undefined) return judged(call, outcome);
      await sleep(pause, signal);
    }
  }

  /** Every row of every page, fetched as far as somebody reads on. */
  async *pages<P extends { next?: string | number | null }, R>(
    pageAt: (before: P | undefined) => Call<P>,
    rowsOf: (page: P) => readonly R[],
    signal?: AbortSignal,
  ): AsyncGenerator<R, undefined> {
    for (let page = await this.make(pageAt(undefined), signal); ; page = await this.make(pageAt(page), signal)) {
      yield* rowsOf(page);
      if (page.next === undefined || page.next === null) return;
    }
  }

  /**
   * What each read of a stream brings, from behind an id on: nothing when it begins, or is only still there.
   *
   * It is taken up behind the last event that was heard, for as long as the server is not away for longer than is
   * borne. It ends when the server says so, or the clock has come to an instant (of `performance.now`).
   */
  async *hear(
    target: string,
    last: string,
    { until, signal }: { until?: number | undefined } & Abortable = {},
  ): AsyncGenerator<Frame[], undefined> {
    let failures = 0;
    let heardAt = performance.now();
    for (let silence = silenceBorne(until); silence > 0; silence = silenceBorne(until)) {
      const opened = await open(streamRequest(target, last), this.connecting, silence, signal);
      const outcome = opened instanceof Broken ? opened : opened.answer;
      if (isAnswer(outcome, 204)) return;
      if (!(opened instanceof Broken) && opened.line) {
        const reader = new FrameReader(last);
        yield* readOn(opened.line, reader, until, silence);
        last = reader.lastId;
        failures = 0;
        heardAt = performance.now();
      }
      failures += 1;
      const away = (performance.now() - heardAt) / 1000;
      const pause = pauseBeforeReopening(outcome, failures, away, this.patience);
      if (pause === undefined) throw errorTold(outcome);
      await sleep(pause, signal);
    }
  }
}

/** The data of an event. */
export function dataOf(frame: Frame): unknown {
  try {
    return JSON.parse(frame.data);
  } catch (error) {
    throw notUnderstood("an event of the stream is no JSON", 0, error);
  }
}

/** Read until it breaks off, or until it may not be silent for so long any more. */
async function* readOn(
  line: Line,
  reader: FrameReader,
  until: number | undefined,
  silence: number,
): AsyncGenerator<Frame[], undefined> {
  try {
    yield [];
    for (let chunk = await line.read(); typeof chunk === "string" && chunk !== ""; chunk = await line.read()) {
      yield reader.feed(chunk);
      if (silenceBorne(until) < silence) return;
    }
  } finally {
    await line.close();
  }
}

function silenceBorne(until: number | undefined): number {
  return until === undefined ? SILENCE_SECONDS : Math.min(SILENCE_SECONDS, (until - performance.now()) / 1000);
}

function streamRequest(target: string, last: string): Request {
  const headers = { accept: "text/event-stream", ...(last && { "last-event-id": last }) };
  return { method: "GET", target, headers, patienceSeconds: 0 };
}

function isAnswer(outcome: Answer | Broken, status: number): boolean {
  return !(outcome instanceof Broken) && outcome.status === status;
}

function sleep(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const wake = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", wake);
      if (signal?.aborted) reject(signal.reason as Error);
      else resolve();
    };
    const timer = setTimeout(wake, seconds * 1000 * (1 + LONGER_BY * Math.random()));
    signal?.addEventListener("abort", wake);
  });
}
