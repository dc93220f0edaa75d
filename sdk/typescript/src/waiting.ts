/** Waiting for runs: a server is asked to answer late, and what rests is listened to. */
import { StillGoing } from "./errors.js";
import type { Exchange } from "./exchange.js";
import type { Run } from "./openapi.js";
import { idOf, look, type RunLike, targetOf } from "./requests.js";

/** The event with which a run ends. */
export const END = "run.ended";
const ENDED: ReadonlySet<Run["status"]> = new Set(["succeeded", "failed", "cancelled", "rolled_back"]);
/** How long a server is asked to wait at a time. */
const WAIT_SECONDS = 50;

/** Until when, and what ends it before. */
interface Until {
  timeoutSeconds?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Wait for a run's end. */
export async function ended(exchange: Exchange, run: RunLike, { timeoutSeconds, signal }: Until): Promise<Run> {
  const until = instantIn(timeoutSeconds);
  const resting = await restedUntil(exchange, run, until, signal);
  if (ENDED.has(resting.status)) return resting;
  const target = targetOf(["runs", resting.run, "stream"], { type: [END] });
  for await (const frames of exchange.hear(target, String(resting.seq), { until, signal })) {
    if (frames.some((frame) => frame.type === END)) break;
  }
  const found = await exchange.make(look<Run>(["runs", resting.run]), signal);
  if (ENDED.has(found.status)) return found;
  throw stillGoing(found);
}

/** Wait until a run has ended, or only people or other systems can move it on. */
export function rested(exchange: Exchange, run: RunLike, { timeoutSeconds, signal }: Until): Promise<Run> {
  return restedUntil(exchange, run, instantIn(timeoutSeconds), signal);
}

/** Ask a server to wait, as often as it takes. It answers early where the run has ended or rests. */
async function restedUntil(
  exchange: Exchange,
  run: RunLike,
  until: number | undefined,
  signal: AbortSignal | undefined,
): Promise<Run> {
  for (;;) {
    const begun = performance.now();
    const left = until === undefined ? WAIT_SECONDS : Math.ceil((until - begun) / 1000);
    const wait = Math.max(0, Math.min(WAIT_SECONDS, left));
    const found = await exchange.make(look<Run>(["runs", idOf(run)], { wait }, wait), signal);
    const at = performance.now();
    if (ENDED.has(found.status) || at - begun < wait * 1000) return found;
    if (until !== undefined && at >= until) throw stillGoing(found);
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
