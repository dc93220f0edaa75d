/** The client: what a server can do, with the same words as in Python. */
import { addressOf } from "./address.js";
import { AnsweringDesk } from "./answering.js";
import { Artifacts } from "./artifacts.js";
import { type Abortable, dataOf, Exchange } from "./exchange.js";
import { Fleet } from "./fleet.js";
import { Graphs } from "./graphs.js";
import { Jobs } from "./jobs.js";
import { Keys } from "./keys.js";
import type {
  ActPlan,
  ActReport,
  Asked,
  Cause,
  CausePage,
  DecisionPage,
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
  Prompts,
  Question,
  QuestionPage,
  RecordedDecision,
  Redecided,
  Reference,
  Replayed,
  Run,
  RunDifference,
  RunFileFound,
  RunGraph,
  RunPage,
  RunRow,
  RunSummary,
} from "./openapi.js";
import type {
  Act,
  Because,
  ClientOptions,
  Course,
  EventFilter,
  FeedEvent,
  Mode,
  RunFilter,
  Selection,
  StartOptions,
  Waiting,
} from "./options.js";
import { PATIENT } from "./patience.js";
import {
  type Handler,
  type PlaceLike,
  type Remedy,
  type Reply,
  replyTo,
  said,
  type Settlement,
  type Verdict,
} from "./people.js";
import { ask, fetchFile, idOf, look, type RunLike, targetOf, upload } from "./requests.js";
import { Schedules } from "./schedules.js";
import { digestOf, whole } from "./values.js";
import { END, ended, rested } from "./waiting.js";

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
  readonly graphs: Graphs;
  readonly schedules: Schedules;
  readonly keys: Keys;
  readonly artifacts: Artifacts;
  readonly jobs: Jobs;
  readonly fleet: Fleet;
  readonly #exchange: Exchange;

  constructor(options: ClientOptions = {}) {
    const { url, key } = addressOf(options.url, options.key);
    const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    const connecting = { url, key, timeoutSeconds: options.timeoutSeconds ?? 30, fetch };
    const exchange = new Exchange(connecting, { ...PATIENT, ...options.patience });
    this.#exchange = exchange;
    this.graphs = new Graphs(exchange);
    this.schedules = new Schedules(exchange);
    this.keys = new Keys(exchange);
    this.artifacts = new Artifacts(exchange);
    this.jobs = new Jobs(exchange);
    this.fleet = new Fleet(exchange);
  }

  // --- runs ---

  /** Start a run of a graph. What comes back is on record and will be driven. */
  start(graph: string, inputs: Record<string, unknown> = {}, options: StartOptions = {}): Promise<RunRow> {
    const { signal, key = newKey(), ...more } = options;
    return this.#exchange.make(ask<RunRow>(["runs"], { graph, inputs, key, ...more }, true), signal);
  }

  /** Start a run and wait for its end: `start`, then `wait`. */
  async run(graph: string, inputs: Record<string, unknown> = {}, options: StartOptions & Waiting = {}): Promise<Run> {
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
  wait(run: RunLike, options: Waiting = {}): Promise<Run> {
    return ended(this.#exchange, run, options);
  }

  /** Wait until a run has ended, or only people or other systems can move it on. Throws `StillGoing`. */
  rest(run: RunLike, options: Waiting = {}): Promise<Run> {
    return rested(this.#exchange, run, options);
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
  events(run: RunLike, options: EventFilter = {}): AsyncGenerator<Event, undefined> {
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

  // --- why it went so ---

  /** What was chosen, of what, by whom and why: of some points (`policy`, `model`, `gate` …), of a node. */
  decisions(
    run: RunLike,
    options: { points?: readonly string[]; path?: string; verdicts?: readonly string[] } & Abortable = {},
  ): AsyncGenerator<RecordedDecision, undefined> {
    const query = { point: options.points, path: options.path, verdict: options.verdicts, limit: PAGE };
    return this.#exchange.pages<DecisionPage, RecordedDecision>(
      (before) => look(["runs", idOf(run), "decisions"], { ...query, cursor: before?.next ?? undefined }),
      (page) => page.decisions,
      options.signal,
    );
  }

  /** What led to what, in words: in the whole run, or to one node or step. */
  causes(
    run: RunLike,
    { path, after = 0, signal }: { path?: string; after?: number } & Abortable = {},
  ): AsyncGenerator<Cause, undefined> {
    return this.#exchange.pages<CausePage, Cause>(
      (before) => look(["runs", idOf(run), "causes"], { path, after: before?.next ?? after }),
      (page) => page.steps,
      signal,
    );
  }

  /** The graph that a run is pinned to, with how often each node was executed and each edge taken. */
  way(run: RunLike, { signal }: Abortable = {}): Promise<RunGraph> {
    return this.#exchange.make(look<RunGraph>(["runs", idOf(run), "graph"]), signal);
  }

  /** What the agent at a path has asked models, to the letter, or what was asked in one step of it (`fix.3`). */
  prompts(run: RunLike, path: string, { signal }: Abortable = {}): Promise<Prompts> {
    return this.#exchange.make(look<Prompts>(["runs", idOf(run), "prompts"], { path }), signal);
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

  /** How many runs, of which graphs and statuses, an act would be asked of; nothing is done. */
  planAct(act: Act, selection: Selection, { signal }: Abortable = {}): Promise<ActPlan> {
    return this.#exchange.make(ask<ActPlan>(["runs", "actions", "plan"], meant(act, selection), true), signal);
  }

  /** Ask it of the runs that were planned: told is what became of some of them at a time. */
  async *makeAct(
    act: Act,
    selection: Selection,
    plan: ActPlan,
    { why, signal }: Because = {},
  ): AsyncGenerator<ActReport, undefined> {
    const body = { ...meant(act, selection), token: plan.token, why };
    let cursor: string | null | undefined;
    do {
      const report = await this.#exchange.make(ask<ActReport>(["runs", "actions"], { ...body, cursor }), signal);
      yield report;
      cursor = report.next;
    } while (cursor !== undefined && cursor !== null);
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
  answerEach(handler: Handler, { run, signal }: { run?: RunLike } & Abortable = {}): Promise<number> {
    return new AnsweringDesk(this, handler, signal).follow(this.#exchange, run);
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

  /** All that is on record of a run, in one signed file that can be verified anywhere. */
  export(run: RunLike, { signal }: Abortable = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.#exchange.make(fetchFile(["runs", idOf(run), "export"]), signal);
  }

  /** Verify a run's file, and keep the run to be looked at. `trust` names the keys of which one has to have signed. */
  importRun(
    content: Uint8Array<ArrayBuffer>,
    { trust, keep = true, signal }: { trust?: readonly string[]; keep?: boolean } & Abortable = {},
  ): Promise<RunFileFound> {
    const query = { trust, keep: String(keep) };
    return this.#exchange.make(upload<RunFileFound>(["runs", "imports"], content, "application/x-tar", query), signal);
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
}

/** A key that nobody else makes. Pages that came without TLS have no `randomUUID`. */
function newKey(): string {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return `client-${Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function meant(act: Act, selection: Selection): object {
  const { runs, startedFrom, startedTo, ...more } = selection;
  return { act, runs: runs?.map(idOf), started_from: startedFrom, started_to: startedTo, ...more };
}
