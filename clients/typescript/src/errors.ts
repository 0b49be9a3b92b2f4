// What a call may throw. Each class is one thing that a caller does something about.

import type { Problem, ProblemCode } from "./problem.js";

/** Everything that a call throws by itself is one of these; a signal of the caller's throws its own reason. */
export class CartwrightError extends Error {
  override readonly name: string = "CartwrightError";
}

/** No answer came, or it broke off: the connection was refused, reset, or its name not found. See `cause`. */
export class NetworkError extends CartwrightError {
  override readonly name = "NetworkError";
}

/** The time that the caller gave ended before there was a result. */
export class TimeoutError extends CartwrightError {
  override readonly name = "TimeoutError";

  constructor(
    readonly timeoutMs: number,
    options?: ErrorOptions,
  ) {
    super(`no result within ${timeoutMs} ms`, options);
  }
}

/** Cartwright refused, and said why. */
export class ProblemError extends CartwrightError {
  override readonly name: string = "ProblemError";

  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.detail}`);
  }

  /** The stable code, to decide by. */
  get code(): ProblemCode | (string & {}) {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }

  /** The request, as the server's logs name it. */
  get requestId(): string | undefined {
    return this.problem.request_id ?? undefined;
  }
}

/** The function ran, and failed: by itself, or at one of its limits. Trying again gives the same. */
export class FunctionError extends ProblemError {
  override readonly name = "FunctionError";

  /** The run, as the console and `cartwright runs` show it. */
  get invocationId(): string {
    return this.problem.invocation_id ?? "";
  }
}

/** The error of a problem document. Only a run that failed names an invocation. */
export function errorOf(problem: Problem): ProblemError {
  return problem.status === 422 && problem.invocation_id !== undefined
    ? new FunctionError(problem)
    : new ProblemError(problem);
}
