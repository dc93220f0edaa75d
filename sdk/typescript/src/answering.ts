/** Answering by a function what is asked, as it is asked. */
import type { Client } from "./client.js";
import { Refused } from "./errors.js";
import type { Exchange } from "./exchange.js";
import type { Question } from "./openapi.js";
import { ASKING, type Handler } from "./people.js";
import { idOf, type RunLike, targetOf } from "./requests.js";
import { END } from "./waiting.js";

/** Where questions are answered: it remembers which of those that are open it has dealt with. */
export class AnsweringDesk {
  readonly #client: Client;
  readonly #handler: Handler;
  readonly #signal: AbortSignal | undefined;
  readonly #dealtWith = new Set<string>();
  #answered = 0;

  constructor(client: Client, handler: Handler, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#handler = handler;
    this.#signal = signal;
  }

  /** Answer what is asked in a run up to its end, or in all, and say how much was answered. */
  async follow(exchange: Exchange, run: RunLike | undefined): Promise<number> {
    const path = run === undefined ? ["stream"] : ["runs", idOf(run), "stream"];
    for await (const frames of exchange.hear(targetOf(path, { type: ASKING }), "", { signal: this.#signal })) {
      await this.#answerOpen(run);
      if (run !== undefined && frames.some((frame) => frame.type === END)) break;
    }
    return this.#answered;
  }

  async #answerOpen(run: RunLike | undefined): Promise<void> {
    const open = await this.#asked(run);
    const keys = new Set(open.map(keyOf));
    for (const key of this.#dealtWith) if (!keys.has(key)) this.#dealtWith.delete(key);
    for (const question of open.filter((each) => !this.#dealtWith.has(keyOf(each)))) {
      this.#dealtWith.add(keyOf(question));
      await this.#answer(question);
    }
  }

  async #answer(question: Question): Promise<void> {
    const reply = await this.#handler(question);
    if (reply === undefined) return;
    try {
      await this.#client.reply(question, reply, { signal: this.#signal });
      this.#answered += 1;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const still = await this.#asked(question);
      if (still.some((each) => keyOf(each) === keyOf(question))) throw error; // nobody was quicker: the word is wrong
    }
  }

  async #asked(run: RunLike | undefined): Promise<Question[]> {
    const found: Question[] = [];
    for await (const question of this.#client.questions(run, { signal: this.#signal })) found.push(question);
    return found;
  }
}

/** What tells questions apart: also one that is asked again at the same place. */
function keyOf(question: Question): string {
  return `${question.run}:${question.path}:${question.seq}`;
}
