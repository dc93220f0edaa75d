/** How requests are sent: by `fetch`, with a time for each, and streams that are read in pieces. It decides nothing. */
import { type Answer, Broken, type Request } from "./requests.js";

/** Failures of Node's connections by which nothing was sent. Browsers do not say what failed: there it is in doubt. */
const NOTHING_SENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** A server, and how it is asked. */
export interface Connecting {
  readonly url: string;
  readonly key: string;
  readonly timeoutSeconds: number;
  readonly fetch: typeof globalThis.fetch;
}

/** Send a request once, and read its answer. Throws what the signal says when it ends it. */
export async function send(
  request: Request,
  connecting: Connecting,
  signal: AbortSignal | undefined,
): Promise<Answer | Broken> {
  const late = AbortSignal.timeout((connecting.timeoutSeconds + request.patienceSeconds) * 1000);
  const either = signal ? AbortSignal.any([signal, late]) : late;
  try {
    const response = await fetched(request, connecting, either);
    return { status: response.status, headers: response.headers, body: await bytesOf(response) };
  } catch (failure) {
    signal?.throwIfAborted();
    return late.aborted ? tooLate(connecting) : brokenBy(failure, connecting);
  }
}

/** A stream that was opened. */
export class Line {
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #connecting: Connecting;
  readonly #silence: Silence;
  readonly #signal: AbortSignal | undefined;

  constructor(body: ReadableStream<Uint8Array>, connecting: Connecting, silence: Silence, signal?: AbortSignal) {
    const decoder = new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>;
    this.#reader = body.pipeThrough(decoder).getReader();
    this.#connecting = connecting;
    this.#silence = silence;
    this.#signal = signal;
  }

  /** More of it; nothing at its end. Throws what the signal says when it ends it. */
  async read(): Promise<string | Broken> {
    this.#silence.begin();
    try {
      return (await this.#reader.read()).value ?? "";
    } catch (failure) {
      this.#signal?.throwIfAborted();
      return this.#silence.isOver ? tooLate(this.#connecting) : brokenBy(failure, this.#connecting);
    } finally {
      this.#silence.end();
    }
  }

  /** Close it. */
  async close(): Promise<void> {
    this.#silence.break();
    await this.#reader.cancel().catch(() => undefined); // it is of no more use, however it ends
  }
}

/** Open a stream. An answer that is none comes back whole. */
export async function open(
  request: Request,
  connecting: Connecting,
  silenceSeconds: number,
  signal: AbortSignal | undefined,
): Promise<{ answer: Answer; line?: Line } | Broken> {
  const silence = new Silence(silenceSeconds);
  silence.begin();
  try {
    const either = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
    const response = await fetched(request, connecting, either);
    const { status, headers, body } = response;
    if (status === 200 && body && headers.get("content-type")?.startsWith("text/event-stream")) {
      return { answer: { status, headers, body: new Uint8Array() }, line: new Line(body, connecting, silence, signal) };
    }
    return { answer: { status, headers, body: await bytesOf(response) } };
  } catch (failure) {
    signal?.throwIfAborted();
    return silence.isOver ? tooLate(connecting) : brokenBy(failure, connecting);
  } finally {
    silence.end();
  }
}

/** What breaks a connection that is silent for too long. */
class Silence {
  readonly #breaking = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  isOver = false;

  constructor(readonly seconds: number) {}

  get signal(): AbortSignal {
    return this.#breaking.signal;
  }

  begin(): void {
    this.#timer = setTimeout(() => {
      this.isOver = true;
      this.break();
    }, this.seconds * 1000);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  break(): void {
    this.end();
    this.#breaking.abort();
  }
}

function fetched(request: Request, connecting: Connecting, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json", ...request.headers };
  if (connecting.key) headers["authorization"] = `Bearer ${connecting.key}`;
  return connecting.fetch(connecting.url + request.target, {
    method: request.method,
    headers,
    body: request.body ?? null,
    redirect: "error",
    cache: "no-store",
    signal,
  });
}

async function bytesOf(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await response.arrayBuffer());
}

function tooLate(connecting: Connecting): Broken {
  return new Broken(`${connecting.url} did not answer in time`, true);
}

function brokenBy(failure: unknown, connecting: Connecting): Broken {
  const cause = failure instanceof Error ? (failure.cause ?? failure) : failure;
  const { code = "", message = "" } = cause as { code?: string; message?: string };
  const wasSent = !NOTHING_SENT.has(code);
  const what = wasSent ? "broke the connection off" : "cannot be reached";
  return new Broken(`${connecting.url} ${what}: ${message || code || String(failure)}`, wasSent, failure);
}
