/** What an Interlock server can do, from TypeScript and JavaScript, in Node and in browsers. */
export { Client } from "./client.js";
export * from "./errors.js";
export type { Abortable } from "./exchange.js";
export type { GivenGraph } from "./graphs.js";
export type { KeyOptions } from "./keys.js";
export type * from "./openapi.js";
export type {
  Act,
  ClientOptions,
  EventFilter,
  FeedEvent,
  Mode,
  RunFilter,
  RunStatus,
  Selection,
  StartOptions,
} from "./options.js";
export type { Patience } from "./patience.js";
export type { Handler, PlaceLike, Remedy, Reply, Settlement, Verdict } from "./people.js";
export type { RunLike } from "./requests.js";
