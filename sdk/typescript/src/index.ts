/** What an Interlock server can do, from TypeScript and JavaScript, in Node and in browsers. */
export { Client } from "./client.js";
export type { ClientOptions, FeedEvent, Mode, RunFilter, RunStatus, StartOptions } from "./client.js";
export * from "./errors.js";
export type { Abortable } from "./exchange.js";
export type * from "./openapi.js";
export type { Patience } from "./patience.js";
export type { Handler, PlaceLike, Remedy, Reply, Settlement, Verdict } from "./people.js";
export type { RunLike } from "./requests.js";
