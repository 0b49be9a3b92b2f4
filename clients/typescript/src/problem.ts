// A refusal as Cartwright tells it (RFC 9457), in the words of the OpenAPI document.

import type { components } from "./schema.js";

type Schemas = components["schemas"];

/** Every stable code. A server may be newer than this list, so a `switch` on it wants a `default`. */
export type ProblemCode = Schemas["ProblemCode"];

/** A problem document. What is known of a run is there when a run failed. */
export type Problem = Omit<Schemas["Problem"], "code"> &
  Partial<Omit<Schemas["FailedRun"], keyof Schemas["Problem"]>> & { code: ProblemCode | (string & {}) };

/** The document in an answer; what is none, such as a proxy's own page, becomes one. */
export function problemOf(status: number, text: string): Problem {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === "object" && document !== null && "code" in document && "detail" in document) {
      return document as Problem;
    }
  } catch {
    // Not JSON: told below.
  }
  const detail = `answered ${status} without a problem document; is this the address of Cartwright's data plane?`;
  return { type: "about:blank", title: "Unexpected answer", status, detail, code: "unexpected_answer" };
}
