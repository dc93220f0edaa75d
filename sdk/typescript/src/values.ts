/** Large values: they stand elsewhere, in their place stands a reference, and who wants them fetches them. */
import { Invalid } from "./errors.js";
import type { Reference } from "./openapi.js";

const DIGEST = /^[0-9a-f]{64}$/;

/** The digest that a reference names, or that is one. Throws `Invalid`. */
export function digestOf(reference: unknown): string {
  const digest = typeof reference === "string" ? reference : isReference(reference) ? reference.kept_elsewhere : "";
  if (DIGEST.test(digest)) return digest;
  throw new Invalid(`${JSON.stringify(reference)} is no reference`, {
    code: "invalid_request",
    advice: "take one from a value of a run",
  });
}

/** A value with everything in it that is kept elsewhere. */
export async function whole(value: unknown, fetchKept: (reference: Reference) => Promise<unknown>): Promise<unknown> {
  if (isReference(value)) return whole(await fetchKept(value), fetchKept);
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const each of value) items.push(await whole(each, fetchKept)); // one after the other: they may be large
    return items;
  }
  if (typeof value !== "object" || value === null) return value;
  const fields: [string, unknown][] = [];
  for (const [name, each] of Object.entries(value)) fields.push([name, await whole(each, fetchKept)]);
  return Object.fromEntries(fields);
}

/** Whether it is a reference, and no value that somebody wrote. */
export function isReference(value: unknown): value is Reference {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 3) return false;
  const { kept_elsewhere: digest, bytes, type } = value as Partial<Reference>;
  return typeof digest === "string" && DIGEST.test(digest) && typeof bytes === "number" && typeof type === "string";
}
