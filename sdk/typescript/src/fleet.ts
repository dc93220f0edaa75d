/** Who works on the server's store, and what waits for them. */
import type { Abortable, Exchange } from "./exchange.js";
import type { Queue, Worker, Workers } from "./openapi.js";
import { look } from "./requests.js";

export class Fleet {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Who works: what each is for, what it does now, and when it said so last. */
  async workers({ signal }: Abortable = {}): Promise<Worker[]> {
    return (await this.#exchange.make(look<Workers>(["workers"]), signal)).workers;
  }

  /** How many runs wait for somebody to drive them, how many calls for a worker of their pool, and since when. */
  queue({ signal }: Abortable = {}): Promise<Queue> {
    return this.#exchange.make(look<Queue>(["queue"]), signal);
  }
}
