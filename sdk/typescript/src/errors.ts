/**
 * What a client throws: one tree, by what a server's problem means and by what keeps it from being asked.
 *
 *     ClientError            anything: code, detail, field, advice and the request's id
 *     ├── Unreachable        no answer, or a part of one: `inDoubt` says whether it may have been done
 *     ├── NotUnderstood      what answered does not speak as this client does
 *     ├── StillGoing         the run had not ended in the time that was given
 *     └── ProblemTold        the server told a problem
 *         ├── Invalid        the request, the graph or a value cannot be as it is
 *         ├── KeyRefused     without a key, or with one that opens nothing
 *         ├── NotAllowed     the caller may not
 *         ├── NotFound       RunNotFound, GraphNotFound, QuestionNotFound, ValueNotFound
 *         ├── Gone           it was there, and was given up or erased
 *         ├── Refused        it cannot be done now: KeyTaken, PlanOutdated, PlanRequired, ChangedMeanwhile
 *         ├── TooMany        too much at once: `retryAfterSeconds` says when to come again
 *         └── ServerFailed   the server, or what it stands on
 */
import type { Place, Problem } from "./openapi.js";

export interface ErrorFacts {
  code: string;
  status?: number;
  field?: string;
  advice?: string;
  request?: string;
  run?: string;
  problems?: Place[];
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
}

/** Something that a client could not do. `code` is for programs, `detail` for people. */
export class ClientError extends Error {
  readonly code: string;
  readonly status: number;
  readonly field: string;
  readonly advice: string;
  /** The request's id: the same stands in the server's log. */
  readonly request: string;
  readonly run: string;
  readonly problems: readonly Place[];
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly detail: string,
    facts: ErrorFacts,
  ) {
    super(`${detail} (${facts.code})${facts.advice ? `: ${facts.advice}` : ""}`, { cause: facts.cause });
    this.name = new.target.name;
    this.code = facts.code;
    this.status = facts.status ?? 0;
    this.field = facts.field ?? "";
    this.advice = facts.advice ?? "";
    this.request = facts.request ?? "";
    this.run = facts.run ?? "";
    this.problems = facts.problems ?? [];
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

/** Nobody answered, or the answer broke off. */
export class Unreachable extends ClientError {
  constructor(
    detail: string,
    /** Whether what was asked for may have been done. */
    readonly inDoubt: boolean,
    cause?: unknown,
  ) {
    const advice = inDoubt ? "what was asked for may have been done: look before you ask again" : "nothing was sent";
    super(detail, { code: "unreachable", advice, cause });
  }
}

/** What answered does not speak as this client does: it is no Interlock, or one of another version. */
export class NotUnderstood extends ClientError {}

/** The run had not ended in the time that was given. It goes on all the same. */
export class StillGoing extends ClientError {}

/** The server told a problem (RFC 9457). */
export class ProblemTold extends ClientError {}

/** The request, the graph or a value cannot be as it is: `problems` says where, if it has places. */
export class Invalid extends ProblemTold {}

/** Without a key, or with one that opens nothing. */
export class KeyRefused extends ProblemTold {}

/** The caller may not do this. */
export class NotAllowed extends ProblemTold {}

/** There is no such thing. */
export class NotFound extends ProblemTold {}

/** There is no such run. */
export class RunNotFound extends NotFound {}

/** There is no such graph. */
export class GraphNotFound extends NotFound {}

/** Nobody is asked this any more. */
export class QuestionNotFound extends NotFound {}

/** No value is kept under this digest. */
export class ValueNotFound extends NotFound {}

/** It was there, and was given up or erased. */
export class Gone extends ProblemTold {}

/** It cannot be done now: `actions` of the object says what can. */
export class Refused extends ProblemTold {}

/** The key names a run that was started otherwise: `run` says which. */
export class KeyTaken extends Refused {}

/** What was planned would not be what is done any more. */
export class PlanOutdated extends Refused {}

/** It has to be planned first. */
export class PlanRequired extends Refused {}

/** Somebody else changed it first. */
export class ChangedMeanwhile extends Refused {}

/** Too much at once: `retryAfterSeconds` says when to come again. */
export class TooMany extends ProblemTold {}

/** The server failed, or what it stands on. */
export class ServerFailed extends ProblemTold {}

const BY_CODE: ReadonlyMap<string, typeof ProblemTold> = new Map<string, typeof ProblemTold>([
  ["run_not_found", RunNotFound],
  ["graph_not_found", GraphNotFound],
  ["question_not_found", QuestionNotFound],
  ["value_not_found", ValueNotFound],
  ["key_taken", KeyTaken],
  ["plan_outdated", PlanOutdated],
  ["plan_required", PlanRequired],
  ["changed_meanwhile", ChangedMeanwhile],
]);

/** A code that this client does not know is told by its status: servers learn new codes before clients do. */
const BY_STATUS: ReadonlyMap<number, typeof ProblemTold> = new Map<number, typeof ProblemTold>([
  [401, KeyRefused],
  [403, NotAllowed],
  [404, NotFound],
  [409, Refused],
  [410, Gone],
  [412, ChangedMeanwhile],
  [428, Refused],
  [429, TooMany],
]);

/** The error that tells a problem. */
export function errorOf(problem: Problem, retryAfterSeconds?: number): ProblemTold {
  const Kind = kindOf(problem.code, problem.status);
  return new Kind(problem.detail, { ...problem, retryAfterSeconds });
}

/** What is thrown for a code. */
export function kindOf(code: string, status: number): typeof ProblemTold {
  return BY_CODE.get(code) ?? BY_STATUS.get(status) ?? (status < 500 ? Invalid : ServerFailed);
}
