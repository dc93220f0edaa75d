/** API keys: listed, made and revoked. */
import type { Abortable, Exchange } from "./exchange.js";
import type { ApiKey, KeyPage, MadeKey } from "./openapi.js";
import { ask, look, remove } from "./requests.js";

export interface KeyOptions extends Abortable {
  role?: ApiKey["role"];
  /** All that it opens, as `runs` or `runs:read`; else all of the tenant's. */
  scopes?: readonly string[];
  /** For how long it is good, as `90d`; else for good. */
  expires?: string;
  /** Of another tenant than the caller's. */
  tenant?: string;
}

const PAGE = 100;

export class Keys {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Keys, the one made last first; those that open nothing any more too. */
  list({ signal }: Abortable = {}): AsyncGenerator<ApiKey, undefined> {
    return this.#exchange.pages<KeyPage, ApiKey>(
      (before) => look(["keys"], { limit: PAGE, cursor: before?.next ?? undefined }),
      (page) => page.keys,
      signal,
    );
  }

  /** One key, without what it is recognised by. */
  get(id: string, { signal }: Abortable = {}): Promise<ApiKey> {
    return this.#exchange.make(look<ApiKey>(["keys", id]), signal);
  }

  /** Make a key that opens what the caller may open, or less. Its text is told this once. */
  make(name: string, { signal, ...more }: KeyOptions = {}): Promise<MadeKey> {
    return this.#exchange.make(ask<MadeKey>(["keys"], { name, ...more }), signal);
  }

  /** See to it that a key opens nothing any more. */
  revoke(id: string, { signal }: Abortable = {}): Promise<ApiKey> {
    return this.#exchange.make(remove<ApiKey>(["keys", id]), signal);
  }
}
