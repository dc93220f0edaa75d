/** What the methods of the client may be given. */
import type { Abortable } from "./exchange.js";
import type { Event, Run } from "./openapi.js";
import type { Patience } from "./patience.js";
import type { RunLike } from "./requests.js";

export type RunStatus = Run["status"];
export type Mode = "normal" | "degraded" | "minimal";

/** An event with its place in the tenant's feed: give it as `after` to go on behind it. */
export interface FeedEvent {
  readonly place: string;
  readonly event: Event;
}

export interface ClientOptions {
  /** Where the server is; else what INTERLOCK_URL names, else this machine. */
  url?: string | undefined;
  /** The key; else what INTERLOCK_KEY names. */
  key?: string | undefined;
  /** How long a request and its answer may take. */
  timeoutSeconds?: number;
  patience?: Partial<Patience>;
  /** What sends requests, if not the `fetch` of the platform. */
  fetch?: typeof globalThis.fetch;
}

export interface StartOptions extends Abortable {
  /** Starting again under it gives the run that was started first. Without one the client makes one up. */
  key?: string;
  labels?: Record<string, string>;
  session?: string;
  priority?: number;
  /** The graph as the project holds it, though a version is released. */
  draft?: boolean;
  /** A version that is not the one in force. */
  version?: number;
  /** The digest of an uploaded tar archive: the run's workspace begins with its files. */
  workspace?: string;
}

export interface RunFilter extends Abortable {
  status?: RunStatus | readonly RunStatus[];
  graph?: string;
  labels?: Record<string, string>;
  session?: string;
  /** Microseconds since 1970. */
  startedFrom?: number;
  startedTo?: number;
}

export interface Waiting extends Abortable {
  timeoutSeconds?: number;
}

export interface Because extends Abortable {
  /** For the record. */
  why?: string;
}

export interface Course extends Abortable {
  /** Inputs and results that are other ones: `inputs.amount`, `plan.steps`. */
  set?: Record<string, unknown>;
  /** Another graph that it goes on on. */
  graph?: string;
}

export interface EventFilter extends Abortable {
  /** Behind the event of this number. */
  after?: number;
  to?: number;
  types?: readonly string[];
  path?: string;
}

/** Runs that are meant: those that are named, or those that have all the rest in common. */
export interface Selection {
  runs?: readonly RunLike[];
  graph?: string;
  status?: readonly RunStatus[];
  labels?: Record<string, string>;
  session?: string;
  /** Microseconds since 1970. */
  startedFrom?: number;
  startedTo?: number;
}

export type Act = "pause" | "resume" | "cancel" | "cancel_with_rollback" | "retry" | "rollback";
