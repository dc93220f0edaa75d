/** What an answer means: data of the shape that was asked for, or the error that tells why there is none. */
import { ClientError, errorOf, NotUnderstood, ServerFailed, Unreachable } from "./errors.js";
import type { Problem } from "./openapi.js";
import { type Answer, Broken, type Call } from "./requests.js";

/** How much is quoted of an answer that is not understood. */
const QUOTED_MAX = 200;

/** What was asked for. Throws `ClientError`. */
export function judged<T>(call: Call<T>, outcome: Answer | Broken): T {
  if (outcome instanceof Broken || !isDone(call, outcome)) throw errorTold(outcome);
  return (call.isFile ? outcome.body : decoded(outcome)) as T;
}

/** Whether an answer is what was asked for, and no problem. */
export function isDone(call: Call<unknown>, answer: Answer): boolean {
  const isExpected = (answer.status >= 200 && answer.status < 300) || call.also.includes(answer.status);
  return isExpected && !isProblem(answer);
}

/** Why it was not done. */
export function errorTold(outcome: Answer | Broken): ClientError {
  if (outcome instanceof Broken) return new Unreachable(outcome.why, outcome.wasSent, outcome.cause);
  if (isProblem(outcome)) {
    return errorOf(decoded(outcome) as Problem, retryAfterSeconds(outcome));
  }
  const said = `the server answered ${outcome.status} and no problem`;
  if (outcome.status >= 500) {
    const advice = "something before it may have failed";
    return new ServerFailed(said, { code: "fault", status: outcome.status, advice });
  }
  return notUnderstood(`${said}: ${quoted(outcome)}`, outcome.status);
}

/** After how long the server wants to be asked again, if it says so in seconds. */
export function retryAfterSeconds(answer: Answer): number | undefined {
  const said = answer.headers.get("retry-after") ?? "";
  return /^[0-9]{1,9}$/.test(said) ? Number(said) : undefined;
}

/** What is thrown where an answer is none of an Interlock server, or of a newer one. */
export function notUnderstood(detail: string, status = 0, cause?: unknown): NotUnderstood {
  const advice = "see that the address is that of an Interlock server, and whether this client is older than it";
  return new NotUnderstood(detail, { code: "not_understood", status, advice, cause });
}

function decoded(answer: Answer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(answer.body));
  } catch (error) {
    throw notUnderstood(`the server's answer is no JSON; it begins with ${quoted(answer)}`, answer.status, error);
  }
}

function isProblem(answer: Answer): boolean {
  return answer.headers.get("content-type")?.startsWith("application/problem+json") ?? false;
}

function quoted(answer: Answer): string {
  return JSON.stringify(new TextDecoder().decode(answer.body.subarray(0, QUOTED_MAX)));
}
