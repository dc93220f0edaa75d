/** The methods of the client by the names that scenarios have for them, with their arguments in order. */
import type { Client } from "../src/index.js";

/** The arguments of a method, as a scenario has them: whatever it wrote. */
export type Given = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- read from a file

/** What a method comes to; of one that tells, all that it tells. `said` is what its function says. */
export type Method = (client: Client, given: Given, said: unknown) => Promise<unknown>;

export const METHODS: ReadonlyMap<string, Method> = new Map(
  Object.entries({
    start: (client, { graph, inputs, ...more }) => client.start(graph, inputs, more),
    run: (client, { graph, inputs, ...more }) => client.run(graph, inputs, more),
    get: (client, { run, at }) => client.get(run, { at }),
    row: (client, { run }) => client.row(run),
    summary: (client, { run }) => client.summary(run),
    effects: (client, { run }) => client.effects(run),
    wait: (client, { run, timeout_seconds: timeoutSeconds }) => client.wait(run, { timeoutSeconds }),
    rest: (client, { run, timeout_seconds: timeoutSeconds }) => client.rest(run, { timeoutSeconds }),
    runs: (client, given) => collected(client.runs(given)),
    events: (client, { run, ...more }) => collected(client.events(run, more)),
    pause: (client, { run }) => client.pause(run),
    resume: (client, { run }) => client.resume(run),
    cancel: (client, { run, why }) => client.cancel(run, { why }),
    signal: (client, { run, name, data }) => client.signal(run, name, data),
    questions: (client, { run }) => collected(client.questions(run)),
    answer: (client, { question, choice, why }) => client.answer(question, choice, { why }),
    verdict: (client, { question, verdict }) => client.verdict(question, verdict),
    answer_each: (client, { run }, said) => client.answerEach(() => said as string, { run }),
    plan_fork: (client, { run, start, ...course }) => client.planFork(run, start, course),
    make_fork: (client, { run, plan, ...course }) => client.makeFork(run, plan, course),
    fork: (client, { run, start, ...course }, said) => client.fork(run, start, () => said as boolean, course),
    retry: (client, { run, why }) => client.retry(run, { why }),
    rollback: (client, { run }) => client.rollback(run),
    replay: (client, { run }) => client.replay(run),
    redecide: (client, { run, graph }) => client.redecide(run, graph),
    diff: (client, { left, right }) => client.diff(left, right),
    value: (client, { reference }) => client.value(reference),
    whole: (client, { value }) => client.whole(value),
    outputs: (client, { run }) => client.outputs(run),
    health: (client) => client.health(),
    decisions: (client, { run, points }) => collected(client.decisions(run, { points })),
    causes: (client, { run, path }) => collected(client.causes(run, { path })),
    way: (client, { run }) => client.way(run),
    export: (client, { run }) => client.export(run),
    import_run: (client, { content, keep }) => client.importRun(content, { keep }),
    plan_act: (client, { act, selection }) => client.planAct(act, selection),
    make_act: (client, { act, selection, plan }) => collected(client.makeAct(act, selection, plan)),
    "graphs.check": (client, { graph }) => client.graphs.check(graph),
    "graphs.get": (client, { graph }) => client.graphs.get(graph),
    "graphs.plan": (client, { graph, text }) => client.graphs.plan(graph, text),
    "graphs.publish": (client, { graph, plan, text, ...more }) => client.graphs.publish(graph, plan, text, more),
    "graphs.register": (client, { graph }) => client.graphs.register(graph),
    "graphs.version": (client, { graph, version }) => client.graphs.version(graph, version),
    "schedules.offer": (client, { name, data, id }) => client.schedules.offer(name, data, { id }),
    "schedules.list": (client) => collected(client.schedules.list()),
    "schedules.get": (client, { graph, name }) => client.schedules.get(graph, name),
    "keys.make": (client, { name, ...more }) => client.keys.make(name, more),
    "keys.revoke": (client, { id }) => client.keys.revoke(id),
    "artifacts.upload": (client, { content, type }) => client.artifacts.upload(content, { type }),
    "artifacts.download": (client, { digest }) => client.artifacts.download(digest),
    "artifacts.of_run": (client, { run }) => collected(client.artifacts.ofRun(run)),
    "artifacts.give_up": (client, { digest }) => client.artifacts.giveUp(digest),
    "jobs.export": (client, { run }) => client.jobs.export(run),
    "jobs.verify": (client, given) => client.jobs.verify(given),
    "jobs.wait": (client, { job, timeout_seconds: timeoutSeconds }) => client.jobs.wait(job, { timeoutSeconds }),
    "fleet.queue": (client) => client.fleet.queue(),
    "fleet.workers": (client) => client.fleet.workers(),
  } satisfies Record<string, Method>),
);

/** All that is told, where it ends. */
export async function collected<T>(told: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of told) found.push(each);
  return found;
}
