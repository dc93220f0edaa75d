/** The client: what a server can do, with the same words as in Python. */
import { addressOf } from "./address.js";
import { Refused, StillGoing } from "./errors.js";
import { type Abortable, dataOf, Exchange } from "./exchange.js";
import type {
  Asked,
  Effect,
  EffectList,
  Event,
  EventPage,
  ForkPlan,
  Health,
  NodeProgress,
  NodeWords,
  ProblemKind,
  ProblemKinds,
  Question,
  QuestionPage,
  Redecided,
  Reference,
  Replayed,
  Run,
  RunDifference,
  RunPage,
  RunRow,
  RunSummary,
} from "./openapi.js";
import { PATIENT, type Patience } from "./patience.js";
import {
  ASKING,
  type Handler,
  keyOf,
  type PlaceLike,
  type Remedy,
  type Reply,
  replyTo,
  said,
  type Settlement,
  type Verdict,
} from "./people.js";
import { ask, idOf, look, type RunLike, targetOf } from "./requests.js";
import type { Frame } from "./server-sent.js";
import { digestOf, whole } from "./values.js";

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

interface Waiting extends Abortable {
  timeoutSeconds?: number;
}

interface Because extends Abortable {
  /** For the record. */
  why?: string;
}

interface Course extends Abortable {
  /** Inputs and results that are other ones: `inputs.amount`, `plan.steps`. */
  set?: Record<string, unknown>;
  /** Another graph that it goes on on. */
  graph?: string;
}

type GraphLike = string | Record<string, unknown>;

const ENDED: ReadonlySet<RunStatus> = new Set(["succeeded", "failed", "cancelled", "rolled_back"]);
const END = "run.ended";
/** How long a server is asked to wait at a time. */
const WAIT_SECONDS = 50;
const PAGE = 100;
const EVENTS_PAGE = 500;

/**
 * An Interlock server.
 *
 *     const client = new Client({ url: "https://interlock.example.com", key: "ilk_…" });
 *     const run = await client.run("hello", { name: "Ada" });
 *
 * Instants are microseconds since 1970 in UTC, money is in millionths of a US dollar. What goes wrong is thrown as
 * errors of one tree, `ClientError`.
 */
export class Client {
  readonly #exchange: Exchange;

  constructor(options: ClientOptions = {}) {
    const { url, key } = addressOf(options.url, options.key);
    const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    const connecting = { url, key, timeoutSeconds: options.timeoutSeconds ?? 30, fetch };
    this.#exchange = new Exchange(connecting, { ...PATIENT, ...options.patience });
  }

  // --- runs ---

  /** Start a run of a graph, named or given as a document. What comes back is on record and will be driven. */
  start(graph: GraphLike, inputs: Record<string, unknown> = {}, options: StartOptions = {}): Promise<RunRow> {
    const { signal, key = `client-${crypto.randomUUID()}`, ...more } = options;
    return this.#exchange.make(ask<RunRow>(["runs"], { graph, inputs, key, ...more }, true), signal);
  }

  /** Start a run and wait for its end: `start`, then `wait`. */
  async run(
    graph: GraphLike,
    inputs: Record<string, unknown> = {},
    options: StartOptions & Waiting = {},
  ): Promise<Run> {
    const { timeoutSeconds, ...more } = options;
    return this.wait(await this.start(graph, inputs, more), {
      ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      signal: options.signal,
    });
  }

  /** A run with its inputs, outputs and nodes, now or as it was after event number `at`. */
  get(run: RunLike, { at, signal }: { at?: number } & Abortable = {}): Promise<Run> {
    return this.#exchange.make(look<Run>(["runs", idOf(run)], { at }), signal);
  }

  /** A run as lists show it: the quickest there is to know how it stands. */
  row(run: RunLike, { signal }: Abortable = {}): Promise<RunRow> {
    return this.#exchange.make(look<RunRow>(["runs", idOf(run), "row"]), signal);
  }

  /** A run in short: status, progress and cost, with one line for each node of its graph. */
  summary(run: RunLike, { at, signal }: { at?: number } & Abortable = {}): Promise<RunSummary> {
    return this.#exchange.make(look<RunSummary>(["runs", idOf(run), "summary"], { at }), signal);
  }

  /** The contacts of a run with the world, and what came of each; those of which nobody knows come first. */
  async effects(run: RunLike, { signal }: Abortable = {}): Promise<Effect[]> {
    return (await this.#exchange.make(look<EffectList>(["runs", idOf(run), "effects"]), signal)).effects;
  }

  /**
   * Wait for a run's end, for ever or for so long. Throws `StillGoing`.
   *
   * A run that waits for a person goes on waiting here too: `rest` comes back then.
   */
  async wait(run: RunLike, { timeoutSeconds, signal }: Waiting = {}): Promise<Run> {
    const until = instantIn(timeoutSeconds);
    const rested = await this.#rested(run, until, signal);
    if (ENDED.has(rested.status)) return rested;
    const target = targetOf(["runs", rested.run, "stream"], { type: [END] });
    for await (const frames of this.#exchange.hear(target, String(rested.seq), { until, signal })) {
      if (frames.some((frame) => frame.type === END)) break;
    }
    const ended = await this.get(rested, { signal });
    if (ENDED.has(ended.status)) return ended;
    throw stillGoing(ended);
  }

  /** Wait until a run has ended, or only people or other systems can move it on. Throws `StillGoing`. */
  rest(run: RunLike, { timeoutSeconds, signal }: Waiting = {}): Promise<Run> {
    return this.#rested(run, instantIn(timeoutSeconds), signal);
  }

  /** Runs that have all of this in common, the newest first. */
  runs(filter: RunFilter = {}): AsyncGenerator<RunRow, undefined> {
    const query = {
      status: typeof filter.status === "string" ? [filter.status] : filter.status,
      graph: filter.graph,
      label: Object.entries(filter.labels ?? {}).map(([name, value]) => `${name}:${value}`),
      session: filter.session,
      started_from: filter.startedFrom,
      started_to: filter.startedTo,
      limit: PAGE,
    };
    return this.#exchange.pages<RunPage, RunRow>(
      (before) => look(["runs"], { ...query, cursor: before?.next ?? undefined }),
      (page) => page.runs,
      filter.signal,
    );
  }

  // --- what happens ---

  /** What is on record of a run by now: its events by number, type and node. `stream` also tells what comes. */
  events(
    run: RunLike,
    options: { after?: number; to?: number; types?: readonly string[]; path?: string } & Abortable = {},
  ): AsyncGenerator<Event, undefined> {
    const { after = 0, to, types, path, signal } = options;
    const query = { to, type: types, path, limit: EVENTS_PAGE };
    return this.#exchange.pages<EventPage, Event>(
      (before) => look(["runs", idOf(run), "events"], { ...query, after: before?.next ?? after }),
      (page) => page.events,
      signal,
    );
  }

  /**
   * The events of a run behind number `after`, up to its end, as they happen. Its end is always told.
   *
   * With `deltas` also what its models are just saying and how far its nodes are, which is on no record and never
   * repeated. Large values in events are references.
   */
  stream(
    run: RunLike,
    options?: { after?: number; types?: readonly string[]; deltas?: false } & Abortable,
  ): AsyncGenerator<Event, undefined>;
  stream(
    run: RunLike,
    options: { after?: number; types?: readonly string[]; deltas: boolean } & Abortable,
  ): AsyncGenerator<Event | NodeWords | NodeProgress, undefined>;
  async *stream(
    run: RunLike,
    options: { after?: number; types?: readonly string[]; deltas?: boolean } & Abortable = {},
  ): AsyncGenerator<Event | NodeWords | NodeProgress, undefined> {
    const { after = 0, types, deltas, signal } = options;
    const target = targetOf(["runs", idOf(run), "stream"], { type: types, deltas });
    for await (const frames of this.#exchange.hear(target, after ? String(after) : "", { signal })) {
      for (const frame of frames) {
        yield dataOf(frame) as Event | NodeWords | NodeProgress;
        if (frame.type === END) return;
      }
    }
  }

  /**
   * The events of all runs, or of some, as they happen: from now on, or behind a place (`0`: from the first).
   *
   * It has no end. Whoever keeps the place of the last event they have dealt with can go on there at any time.
   */
  async *feed(
    options: {
      runs?: readonly RunLike[];
      graphs?: readonly string[];
      types?: readonly string[];
      after?: string;
    } & Abortable = {},
  ): AsyncGenerator<FeedEvent, undefined> {
    const { runs = [], graphs, types, after = "", signal } = options;
    const target = targetOf(["stream"], { run: runs.map(idOf), graph: graphs, type: types });
    for await (const frames of this.#exchange.hear(target, after, { signal })) {
      yield* frames.map((frame) => ({ place: frame.id, event: dataOf(frame) as Event }));
    }
  }

  // --- what is asked of runs ---

  /** Start nothing new in a run until it is resumed; what is in flight finishes. */
  pause(run: RunLike, options: Because = {}): Promise<Asked> {
    return this.#asked(run, "pause", {}, options);
  }

  /** Go on after a pause. */
  resume(run: RunLike, options: Because = {}): Promise<Asked> {
    return this.#asked(run, "resume", {}, options);
  }

  /** Stop a run, or one node with all that it holds. With `rollback` the run takes back what it did. */
  cancel(run: RunLike, options: { path?: string; rollback?: boolean } & Because = {}): Promise<Asked> {
    return this.#asked(run, "cancel", { path: options.path, rollback: options.rollback }, options);
  }

  /** End an `each` with the items it has. */
  complete(run: RunLike, path: string, options: Because = {}): Promise<Asked> {
    return this.#asked(run, "complete", { path }, options);
  }

  /** Move a run to another mode: graphs read it as `run.mode`. */
  setMode(run: RunLike, mode: Mode, options: Because = {}): Promise<Asked> {
    return this.#asked(run, "mode", { mode }, options);
  }

  /** Send an event to the waits of a run. The same `id` is taken once: sending it again is refused. */
  signal(run: RunLike, name: string, data?: unknown, { id, signal }: { id?: string } & Abortable = {}): Promise<Asked> {
    return this.#asked(run, "signals", { name, data, id }, { signal });
  }

  // --- what waits for people ---

  /** What waits for people, of all runs or of one, the longest waiting first. */
  questions(run?: RunLike, { signal }: Abortable = {}): AsyncGenerator<Question, undefined> {
    const query = { run: run === undefined ? undefined : idOf(run), limit: PAGE };
    return this.#exchange.pages<QuestionPage, Question>(
      (before) => look(["questions"], { ...query, cursor: before?.next ?? undefined }),
      (page) => page.questions,
      signal,
    );
  }

  /** Answer a question with one of its choices, or with the form it asks for. */
  answer(question: PlaceLike, choice = "", options: { form?: unknown } & Because = {}): Promise<Asked> {
    const { form, why, signal } = options;
    return this.#exchange.make(said(question, "answers", { choice: choice || undefined, form, why }), signal);
  }

  /** Give the verdict on a gate that is held. */
  verdict(question: PlaceLike, verdict: Verdict, { why, signal }: Because = {}): Promise<Asked> {
    return this.#exchange.make(said(question, "verdicts", { verdict, why }), signal);
  }

  /** Say what is to be done about a failure that is held; `edit` tries again with another input. */
  remedy(question: PlaceLike, act: Remedy, options: { input?: unknown } & Because = {}): Promise<Asked> {
    const { input, why, signal } = options;
    return this.#exchange.make(said(question, "remedies", { act, input, why }), signal);
  }

  /** Say what became of an effect of which nobody knows; one that is done may be given its result. */
  settle(run: RunLike, effect: string, status: Settlement, options: { out?: unknown } & Because = {}): Promise<Asked> {
    return this.#asked(run, "settlements", { effect, status, out: options.out }, options);
  }

  /** Say one of its words about a question, whatever kind of question it is. */
  async reply(question: Question, reply: Reply | string, { signal }: Abortable = {}): Promise<Asked> {
    const effects = question.reason === "reconcile" ? await this.effects(question, { signal }) : [];
    return this.#exchange.make(replyTo(question, reply, effects), signal);
  }

  /**
   * Answer what is asked by a function, as it is asked: of one run up to its end, or of all runs, for ever.
   *
   * It is given each question once, and says a word about it, a `Reply`, or undefined to leave it to others. What
   * somebody else has answered first is passed over. Comes back with how many it has answered.
   */
  async answerEach(handler: Handler, { run, signal }: { run?: RunLike } & Abortable = {}): Promise<number> {
    const path = run === undefined ? ["stream"] : ["runs", idOf(run), "stream"];
    const dealtWith = new Set<string>();
    let answered = 0;
    for await (const frames of this.#exchange.hear(targetOf(path, { type: ASKING }), "", { signal })) {
      const asked: Question[] = [];
      for await (const question of this.questions(run, { signal })) asked.push(question);
      const keys = new Set(asked.map(keyOf));
      for (const key of dealtWith) if (!keys.has(key)) dealtWith.delete(key);
      for (const question of asked.filter((each) => !dealtWith.has(keyOf(each)))) {
        dealtWith.add(keyOf(question));
        if (await this.#handle(question, handler, signal)) answered += 1;
      }
      if (run !== undefined && frames.some((frame: Frame) => frame.type === END)) break;
    }
    return answered;
  }

  // --- runs that go on from others, and what records prove ---

  /** A new run that goes on where this one failed: what does not depend on the failure is taken over. */
  retry(run: RunLike, { why, signal }: Because = {}): Promise<RunRow> {
    return this.#exchange.make(ask<RunRow>(["runs", idOf(run), "retry"], { why }), signal);
  }

  /** A new run that takes back what this one did. */
  rollback(run: RunLike, { why, signal }: Because = {}): Promise<RunRow> {
    return this.#exchange.make(ask<RunRow>(["runs", idOf(run), "rollback"], { why }), signal);
  }

  /** What another course of a run from node `start` on would do again, take over and ask anew; nothing is done. */
  planFork(run: RunLike, start: string, { set, graph, signal }: Course = {}): Promise<ForkPlan> {
    return this.#exchange.make(ask<ForkPlan>(["runs", idOf(run), "fork", "plan"], { start, set, graph }, true), signal);
  }

  /** Make a fork as it was planned, with the same `set` and `graph`. Throws `PlanOutdated` if it would be another. */
  makeFork(run: RunLike, plan: ForkPlan, { set, graph, signal }: Course = {}): Promise<RunRow> {
    const body = { start: plan.start, set, graph, token: plan.token };
    return this.#exchange.make(ask<RunRow>(["runs", idOf(run), "fork"], body), signal);
  }

  /** Plan a fork, show the plan to `confirm`, and make it if that says so. If not, nothing is done. */
  async fork(
    run: RunLike,
    start: string,
    confirm: (plan: ForkPlan) => boolean | Promise<boolean>,
    course: Course = {},
  ): Promise<RunRow | undefined> {
    const plan = await this.planFork(run, start, course);
    return (await confirm(plan)) ? this.makeFork(run, plan, course) : undefined;
  }

  /** Decide a run anew from its record alone, and say whether that holds; nothing is called and nobody is asked. */
  replay(run: RunLike, { signal }: Abortable = {}): Promise<Replayed> {
    return this.#exchange.make(ask<Replayed>(["runs", idOf(run), "replay"], {}, true), signal);
  }

  /** How a run would have gone on on another graph, as far as its record answers; nothing is called. */
  redecide(run: RunLike, graph: string, { signal }: Abortable = {}): Promise<Redecided> {
    return this.#exchange.make(ask<Redecided>(["runs", idOf(run), "redecide"], { graph }, true), signal);
  }

  /** In what two runs differ, node by node. */
  diff(left: RunLike, right: RunLike, { signal }: Abortable = {}): Promise<RunDifference> {
    return this.#exchange.make(look<RunDifference>(["runs", idOf(left), "diff", idOf(right)]), signal);
  }

  // --- large values ---

  /** The value that a reference stands for, told by its digest too. References inside it stay. */
  async value(reference: string | Reference, { signal }: Abortable = {}): Promise<unknown> {
    return this.#exchange.make(look<unknown>(["values", digestOf(reference)]), signal);
  }

  /** A value with everything in it that is kept elsewhere. It may be large: references say how large. */
  whole(value: unknown, options: Abortable = {}): Promise<unknown> {
    return whole(value, (reference) => this.value(reference, options));
  }

  /** What a run has come to, with everything in it that is kept elsewhere. */
  async outputs(run: RunLike, options: Abortable = {}): Promise<unknown> {
    return this.whole((await this.get(run, options)).outputs, options);
  }

  // --- the server ---

  /** Whether the server is well, with each thing it depends on. It may be asked without a key. */
  health({ signal }: Abortable = {}): Promise<Health> {
    return this.#exchange.make({ ...look<Health>(["health"]), also: [503] }, signal);
  }

  /** Every code that a problem may have, and what it means. */
  async problems({ signal }: Abortable = {}): Promise<ProblemKind[]> {
    return (await this.#exchange.make(look<ProblemKinds>(["problems"]), signal)).problems;
  }

  // --- inside ---

  #asked(run: RunLike, act: string, body: object, { why, signal }: Because): Promise<Asked> {
    return this.#exchange.make(ask<Asked>(["runs", idOf(run), act], { ...body, why }), signal);
  }

  /** Ask a server to wait, as often as it takes. It answers early where the run has ended or rests. */
  async #rested(run: RunLike, until: number | undefined, signal: AbortSignal | undefined): Promise<Run> {
    for (;;) {
      const begun = performance.now();
      const left = until === undefined ? WAIT_SECONDS : Math.ceil((until - begun) / 1000);
      const wait = Math.max(0, Math.min(WAIT_SECONDS, left));
      const found = await this.#exchange.make(look<Run>(["runs", idOf(run)], { wait }, wait), signal);
      const at = performance.now();
      if (ENDED.has(found.status) || at - begun < wait * 1000) return found;
      if (until !== undefined && at >= until) throw stillGoing(found);
    }
  }

  async #handle(question: Question, handler: Handler, signal: AbortSignal | undefined): Promise<boolean> {
    const reply = await handler(question);
    if (reply === undefined) return false;
    try {
      await this.reply(question, reply, { signal });
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      for await (const still of this.questions(question, { signal })) if (keyOf(still) === keyOf(question)) throw error;
      return false;
    }
  }
}

function instantIn(timeoutSeconds: number | undefined): number | undefined {
  return timeoutSeconds === undefined ? undefined : performance.now() + timeoutSeconds * 1000;
}

function stillGoing(run: Run): StillGoing {
  return new StillGoing(`run ${run.run} is ${run.status} and has not ended in time`, {
    code: "still_going",
    run: run.run,
    advice: "wait for it again, or see `waiting` of it for what it waits for",
  });
}
