/**
 * What is sent to a server and what comes back, as plain data, and how a call is made of its parts.
 *
 * Nothing here sends anything.
 */
import { Invalid } from "./errors.js";

/** What is sent. */
export interface Request {
  readonly method: "GET" | "POST" | "DELETE";
  /** The path with its query, behind the server's address. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** For how much longer than others the server may take with it. */
  readonly patienceSeconds: number;
}

/** What the server said, as far as it said it. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** There was no answer, or only a part of one. */
export class Broken {
  constructor(
    readonly why: string,
    /** Whether the server may have got the request. */
    readonly wasSent: boolean,
    readonly cause?: unknown,
  ) {}
}

/** A request, with what its answer is read as said by the type. */
export interface Call<T> {
  readonly request: Request;
  /** Whether asking twice does no more than asking once. */
  readonly mayRepeat: boolean;
  /** Statuses beside those of success that answer with the same shape. */
  readonly also: readonly number[];
  /** Whether the answer is bytes as they are. */
  readonly isFile?: boolean;
  /** What the answer is; nothing looks at it while running. */
  readonly shape?: T;
}

/** What a query may ask by; what is undefined or empty is left out. */
export type Asking = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** A run: its id, or anything that says of which run it is, such as a row, a question or an event. */
export type RunLike = string | { readonly run: string };

/** The id of a run, however it is named. */
export function idOf(run: RunLike): string {
  return typeof run === "string" ? run : run.run;
}

/** A call that changes nothing, however often it is made. */
export function look<T>(path: readonly string[], query: Asking = {}, patienceSeconds = 0): Call<T> {
  return {
    request: { method: "GET", target: targetOf(path, query), headers: {}, patienceSeconds },
    mayRepeat: true,
    also: [],
  };
}

/** A call that asks for something to be done. What is undefined in the body is left out. */
export function ask<T>(path: readonly string[], body: object, mayRepeat = false): Call<T> {
  const headers = { "content-type": "application/json" };
  return {
    request: { method: "POST", target: targetOf(path), headers, body: bodyOf(body), patienceSeconds: 0 },
    mayRepeat,
    also: [],
  };
}

/** A call that looks at a file. */
export function fetchFile(path: readonly string[]): Call<Uint8Array<ArrayBuffer>> {
  const headers = { accept: "*/*" };
  const request = { method: "GET", target: targetOf(path), headers, patienceSeconds: 0 } as const;
  return { request, mayRepeat: true, also: [], isFile: true };
}

/** A call that brings a file: the same bytes are the same file, however often they arrive. */
export function upload<T>(
  path: readonly string[],
  body: Uint8Array<ArrayBuffer>,
  type: string,
  query: Asking = {},
): Call<T> {
  const headers = { "content-type": type };
  const request = { method: "POST", target: targetOf(path, query), headers, body, patienceSeconds: 0 } as const;
  return { request, mayRepeat: true, also: [] };
}

/** A call after which something is not there. Made twice, the second finds nothing, so it is made once. */
export function remove<T>(path: readonly string[]): Call<T> {
  const request = { method: "DELETE", target: targetOf(path), headers: {}, patienceSeconds: 0 } as const;
  return { request, mayRepeat: false, also: [] };
}

/** The path of these segments below `/v1`, with its query. */
export function targetOf(path: readonly string[], query: Asking = {}): string {
  if (path.includes("")) {
    throw new Invalid("an id or a name is empty", { code: "invalid_request", advice: "give one that is not" });
  }
  const asked = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) => textsOf(value).map((each) => [name, each])),
  ).toString();
  return `/v1/${path.map(encodeURIComponent).join("/")}${asked && `?${asked}`}`;
}

function textsOf(value: Asking[string]): readonly string[] {
  if (value === undefined || value === "" || value === false) return [];
  return typeof value === "object" ? value : [String(value)];
}

/** JSON as the standard has it: what is no JSON is refused here instead of being changed or lost on the way. */
function bodyOf(fields: object): string {
  try {
    return JSON.stringify(fields, refuseForeign);
  } catch (error) {
    if (error instanceof Invalid) throw error;
    throw new Invalid(`what is to be sent is no JSON: ${String(error)}`, { code: "invalid_request", cause: error });
  }
}

function refuseForeign(name: string, value: unknown): unknown {
  const isForeign = (typeof value === "number" && !Number.isFinite(value)) || typeof value === "function";
  if (isForeign || typeof value === "symbol") {
    throw new Invalid(`what is to be sent is no JSON: ${name} is ${String(value)}`, { code: "invalid_request" });
  }
  return value;
}
