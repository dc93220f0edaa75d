/** Graphs that are known by name: looked at, checked, published and taken back. */
import type { Abortable, Exchange } from "./exchange.js";
import type {
  Graph,
  GraphCheck,
  GraphPage,
  GraphRow,
  Published,
  ReleasePlan,
  Version,
  VersionPage,
  VersionRow,
} from "./openapi.js";
import { ask, look } from "./requests.js";

/** The text of a graph, in any dialect that is read, or one as a document. */
export type GivenGraph = string | Record<string, unknown>;

interface Message extends Abortable {
  /** Why it is published, for the record. */
  message?: string;
}

const PAGE = 100;

export class Graphs {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Every graph that has a name: released, in the project, coming along, drafted. */
  list({ signal }: Abortable = {}): AsyncGenerator<GraphRow, undefined> {
    return this.#exchange.pages<GraphPage, GraphRow>(
      (before) => look(["graphs"], { limit: PAGE, cursor: before?.next ?? undefined }),
      (page) => page.graphs,
      signal,
    );
  }

  /** What a name means to a run that is started now: its nodes, what it takes and gives, what starts it. */
  get(graph: string, { signal }: Abortable = {}): Promise<Graph> {
    return this.#exchange.make(look<Graph>(["graphs", graph]), signal);
  }

  /** All that is wrong with a graph, each with its place, and what it looks like; nothing is kept. */
  check(graph: GivenGraph, { signal }: Abortable = {}): Promise<GraphCheck> {
    return this.#exchange.make(ask<GraphCheck>(["graphs", "validate"], given(graph), true), signal);
  }

  /** Check a graph and publish it under its own name. One that is in force already is not published again. */
  register(graph: GivenGraph, { message, signal }: Message = {}): Promise<Published> {
    return this.#exchange.make(ask<Published>(["graphs"], { ...given(graph), message }, true), signal);
  }

  /** What was ever published under a name, the newest first. */
  versions(graph: string, { signal }: Abortable = {}): AsyncGenerator<VersionRow, undefined> {
    return this.#exchange.pages<VersionPage, VersionRow>(
      (before) => look(["graphs", graph, "versions"], { limit: PAGE, cursor: before?.next ?? undefined }),
      (page) => page.versions,
      signal,
    );
  }

  /** A version as it was published; it never changes. */
  version(graph: string, version: number, { signal }: Abortable = {}): Promise<Version> {
    return this.#exchange.make(look<Version>(["graphs", graph, "versions", String(version)]), signal);
  }

  /** What publishing a text would change (else the draft, else what the project holds); nothing is published. */
  plan(graph: string, text?: string, { signal }: Abortable = {}): Promise<ReleasePlan> {
    return this.#exchange.make(ask<ReleasePlan>(["graphs", graph, "versions", "plan"], { text }, true), signal);
  }

  /** Publish what was planned, with the same text. Throws `PlanOutdated` if something else would be published. */
  publish(graph: string, plan: ReleasePlan, text?: string, { message, signal }: Message = {}): Promise<Published> {
    const body = { text, token: plan.token, message };
    return this.#exchange.make(ask<Published>(["graphs", graph, "versions"], body), signal);
  }

  /** Return to the version before the one in force; that is a version of its own. */
  goBack(graph: string, { why, signal }: { why?: string } & Abortable = {}): Promise<Published> {
    return this.#exchange.make(ask<Published>(["graphs", graph, "back"], { why }), signal);
  }
}

function given(graph: GivenGraph): object {
  return typeof graph === "string" ? { text: graph } : { document: graph };
}
