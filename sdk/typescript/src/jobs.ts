/** Long work that is asked for and looked at again: runs put into files, files taken in, records verified. */
import { StillGoing } from "./errors.js";
import type { Abortable, Exchange } from "./exchange.js";
import type { Job, JobPage, Run } from "./openapi.js";
import { ask, idOf, look, type RunLike } from "./requests.js";

export interface Verified extends Abortable {
  run?: RunLike;
  graph?: string;
  status?: readonly Run["status"][];
  labels?: Record<string, string>;
}

const PAGE = 100;
/** How long a server is asked to wait at a time. */
const WAIT_SECONDS = 50;

export class Jobs {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Jobs, the newest first: how far each is, and what came of it. */
  list({ signal }: Abortable = {}): AsyncGenerator<Job, undefined> {
    return this.#exchange.pages<JobPage, Job>(
      (before) => look(["jobs"], { limit: PAGE, cursor: before?.next ?? undefined }),
      (page) => page.jobs,
      signal,
    );
  }

  /** A job as it stands. */
  get(job: string, { signal }: Abortable = {}): Promise<Job> {
    return this.#exchange.make(look<Job>(["jobs", job]), signal);
  }

  /** Wait for a job's end, for ever or for so long. Throws `StillGoing`. */
  async wait(job: string, { timeoutSeconds, signal }: { timeoutSeconds?: number } & Abortable = {}): Promise<Job> {
    const until = timeoutSeconds === undefined ? Infinity : performance.now() + timeoutSeconds * 1000;
    for (;;) {
      const wait = Math.max(0, Math.min(WAIT_SECONDS, Math.ceil((until - performance.now()) / 1000)));
      const found = await this.#exchange.make(look<Job>(["jobs", job], { wait }, wait), signal);
      if (found.status !== "running") return found;
      if (performance.now() >= until) {
        throw new StillGoing(`job ${job} has not ended in time`, { code: "still_going", advice: "wait for it again" });
      }
    }
  }

  /** Put a run into one signed file, which is kept as an artifact. */
  export(run: RunLike, { signal }: Abortable = {}): Promise<Job> {
    return this.#exchange.make(ask<Job>(["jobs"], { job: "export", run: idOf(run) }), signal);
  }

  /** Verify a run's file that was uploaded, and keep its run. `trust` names keys of which one has to have signed. */
  importRun(artifact: string, { trust, signal }: { trust?: readonly string[] } & Abortable = {}): Promise<Job> {
    return this.#exchange.make(ask<Job>(["jobs"], { job: "import", artifact, trust }), signal);
  }

  /** Verify the record of a run, or of all that have this in common. */
  verify({ run, signal, ...more }: Verified = {}): Promise<Job> {
    const body = { job: "verify", run: run === undefined ? undefined : idOf(run), ...more };
    return this.#exchange.make(ask<Job>(["jobs"], body), signal);
  }

  /** Stop working on a job. */
  cancel(job: string, { signal }: Abortable = {}): Promise<Job> {
    return this.#exchange.make(ask<Job>(["jobs", job, "cancel"], {}), signal);
  }

  /** Begin a job again that was lost, cancelled, or has failed. */
  again(job: string, { signal }: Abortable = {}): Promise<Job> {
    return this.#exchange.make(ask<Job>(["jobs", job, "again"], {}), signal);
  }
}
