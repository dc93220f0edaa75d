/** What starts runs by itself: triggers of released graphs, and events that are offered to them. */
import type { Abortable, Exchange } from "./exchange.js";
import type { OfferedEvents, RunRow, Trigger, TriggerPage } from "./openapi.js";
import { ask, look } from "./requests.js";

const PAGE = 100;

export class Schedules {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** The triggers of the versions in force: when each falls due, what it started last, what troubles it. */
  list({ signal }: Abortable = {}): AsyncGenerator<Trigger, undefined> {
    return this.#exchange.pages<TriggerPage, Trigger>(
      (before) => look(["schedules"], { limit: PAGE, cursor: before?.next ?? undefined }),
      (page) => page.triggers,
      signal,
    );
  }

  /** One trigger as it stands. */
  get(graph: string, name: string, { signal }: Abortable = {}): Promise<Trigger> {
    return this.#exchange.make(look<Trigger>(["schedules", graph, name]), signal);
  }

  /** Start nothing until it is resumed; what falls due meanwhile is passed over. */
  pause(graph: string, name: string, { why, signal }: { why?: string } & Abortable = {}): Promise<Trigger> {
    return this.#exchange.make(ask<Trigger>(["schedules", graph, name, "pause"], { why }), signal);
  }

  /** Go on from now. */
  resume(graph: string, name: string, { signal }: Abortable = {}): Promise<Trigger> {
    return this.#exchange.make(ask<Trigger>(["schedules", graph, name, "resume"], {}), signal);
  }

  /** Start a run by hand, whatever else runs. Firing again under the same `id` starts nothing new. */
  fire(
    graph: string,
    name: string,
    options: { data?: Record<string, unknown>; id?: string; why?: string } & Abortable = {},
  ): Promise<RunRow> {
    const { signal, ...body } = options;
    return this.#exchange.make(ask<RunRow>(["schedules", graph, name, "fire"], body, Boolean(body.id)), signal);
  }

  /** Offer an event to whichever triggers want it. An event of the same `id` starts nothing twice. */
  offer(name: string, data?: unknown, { id, signal }: { id?: string } & Abortable = {}): Promise<OfferedEvents> {
    return this.#exchange.make(ask<OfferedEvents>(["events"], { name, data, id }, Boolean(id)), signal);
  }
}
