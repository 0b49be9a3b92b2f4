// What an answer that is not a success says, as one thing to show: a sentence, its request id, its single causes.

import type { components } from "./schema";

export type Problem = components["schemas"]["Problem"];

/** Thrown for every answer that is not a success. */
export class ProblemError extends Error {
  override name = "ProblemError";

  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** The problem behind anything that was thrown: a problem document, a lost connection, or a fault of ours. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ProblemError) return thrown.problem;
  if (thrown instanceof TypeError) {
    return local("The server cannot be reached. Check the connection, then try again.");
  }
  return local(thrown instanceof Error ? thrown.message : "Something failed here in the console.");
}

/** The problem in an answer's body, or one made from its status where a proxy answered in its own words. */
export function problemIn(status: number, body: unknown): Problem {
  if (typeof body === "object" && body !== null && "detail" in body && "code" in body) return body as Problem;
  return { ...local(`The server answered with status ${status} and no explanation.`), status };
}

/** A rule that a member of the request breaks, and where that member is. */
export interface Violation {
  /** A JSON pointer into what was sent. */
  pointer: string;
  detail: string;
}

/** The broken rules that a problem lists; other problems list causes of another kind, or none. */
export function violationsOf(problem: Problem): Violation[] {
  return ((problem.errors ?? []) as Partial<Violation>[]).filter(
    (entry): entry is Violation => typeof entry.pointer === "string" && typeof entry.detail === "string",
  );
}

/** The broken rules of anything that was thrown, as sentences by the pointer to their member. */
export function placesOf(thrown: unknown): Record<string, string> {
  if (!thrown) return {};
  return Object.fromEntries(
    violationsOf(problemOf(thrown)).map(({ pointer, detail }) => [pointer, sentence(detail)]),
  );
}

/** A detail as it stands on a page: with a capital and a full stop. */
export function sentence(detail: string): string {
  const text = detail.charAt(0).toUpperCase() + detail.slice(1);
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

function local(detail: string): Problem {
  return { type: "about:blank", title: "The console got no answer", status: 0, code: "not_ready", detail };
}
