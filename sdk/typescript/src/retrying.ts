/**
 * When a call is made again: only where that can do no harm, and not at once.
 *
 * Whatever may be repeated is, when the connection failed or the server had enough to do. Anything else is sent again
 * only if nothing of it had left.
 */
import { isDone, retryAfterSeconds } from "./judging.js";
import { pauseSeconds, type Patience } from "./patience.js";
import { type Answer, Broken, type Call } from "./requests.js";

/** Statuses of a server, or of what stands before it, that may be well in a moment. */
const BUSY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** How long to wait before another attempt; undefined: there is none. */
export function pauseBeforeAnother(
  call: Call<unknown>,
  outcome: Answer | Broken,
  attempt: number,
  patience: Patience,
): number | undefined {
  if (attempt >= patience.attemptsMax) return undefined;
  if (outcome instanceof Broken) {
    return call.mayRepeat || !outcome.wasSent ? pauseSeconds(patience, attempt) : undefined;
  }
  const isBusy = BUSY.has(outcome.status) && !isDone(call, outcome);
  return isBusy && call.mayRepeat ? pauseAskedFor(outcome, attempt, patience) : undefined;
}

/** How long to wait before a stream is taken up again that has ended so, or did not begin; undefined: it is not. */
export function pauseBeforeReopening(
  outcome: Answer | Broken,
  failures: number,
  awaySeconds: number,
  patience: Patience,
): number | undefined {
  if (awaySeconds > patience.awaySeconds) return undefined;
  if (outcome instanceof Broken || outcome.status === 200) return pauseSeconds(patience, failures);
  return BUSY.has(outcome.status) ? pauseAskedFor(outcome, failures, patience) : undefined;
}

/** How long a server wants to be left alone; undefined: longer than that is borne. */
function pauseAskedFor(answer: Answer, attempt: number, patience: Patience): number | undefined {
  const asked = retryAfterSeconds(answer);
  if (asked === undefined) return pauseSeconds(patience, attempt);
  return asked <= patience.longestSeconds ? asked : undefined;
}
