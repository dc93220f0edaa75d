/** What waits for people: which word about a question goes where, and answering by a function as things are asked. */
import { Invalid, Refused } from "./errors.js";
import type { Asked, Effect, Question } from "./openapi.js";
import { ask, type Call } from "./requests.js";

/** Types of events with which a question may be asked. */
export const ASKING = ["node.waiting", "undo.waiting", "effect.intended", "effect.unknown", "run.started"] as const;

export type Verdict = "promote" | "block" | "rollback";
export type Remedy = "retry" | "edit" | "skip" | "fail";
export type Settlement = "done" | "not_done";

/** A question, or where it stands: `RUN:PATH`. */
export type PlaceLike = string | { readonly run: string; readonly path: string };

/** What is said about a question: one of its `choices`, or the form that it asks for. */
export interface Reply {
  readonly word?: string;
  readonly form?: unknown;
  /** With the word `edit` about a failure: what it is tried again with. With `done`, what came of it. */
  readonly input?: unknown;
  readonly why?: string | undefined;
}

/** Says a word about a question, or undefined to leave it to others. */
export type Handler = (question: Question) => Reply | string | undefined | Promise<Reply | string | undefined>;

/** The run and the path of a question. */
export function placeOf(question: PlaceLike): { run: string; path: string } {
  if (typeof question !== "string") return question;
  const colon = question.indexOf(":");
  if (colon > 0 && colon < question.length - 1) {
    return { run: question.slice(0, colon), path: question.slice(colon + 1) };
  }
  throw new Invalid(`${JSON.stringify(question)} names no question`, {
    code: "invalid_request",
    advice: "write it as RUN:PATH",
  });
}

/** A word about what stands at a place. */
export function said(question: PlaceLike, kind: string, body: object): Call<Asked> {
  const { run, path } = placeOf(question);
  return ask(["runs", run, kind], { path, ...body });
}

/** What says one of its words about a question, whatever kind of question it is. */
export function replyTo(question: Question, reply: Reply | string, effects: readonly Effect[]): Call<Asked> {
  const { word = "", form, input, why } = typeof reply === "string" ? { word: reply } : reply;
  switch (question.reason) {
    case "person":
    case "approval":
    case "budget":
      return said(question, "answers", { choice: word || undefined, form, why });
    case "hold":
      return said(question, "verdicts", { verdict: oneOf(question, word), why });
    case "failure":
      return said(question, "remedies", { act: oneOf(question, word), input, why });
    case "reconcile": {
      const body = { effect: effectInDoubt(question, effects), status: oneOf(question, word), out: input, why };
      return ask(["runs", question.run, "settlements"], body);
    }
  }
}

function oneOf(question: Question, word: string): string {
  if (question.choices.includes(word)) return word;
  throw new Invalid(`${JSON.stringify(word)} cannot be said about ${question.run}:${question.path}`, {
    code: "invalid_request",
    advice: `say one of ${question.choices.join(", ")}`,
  });
}

function effectInDoubt(question: Question, effects: readonly Effect[]): string {
  const found = effects.find((each) => each.path === question.path && each.status === "unknown");
  if (found) return found.effect;
  throw new Refused(`nothing is in doubt at ${question.run}:${question.path} any more`, { code: "refused" });
}
