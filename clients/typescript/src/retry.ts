// Whether to try again, and when.

import { NetworkError, ProblemError } from "./errors.js";

/** Before the first repeat, at most so long; twice as long before each further one. */
const FIRST_WAIT_MS = 50;

/** Never longer, unless the server asks for it. */
const WAIT_MAX_MS = 2_000;

/** Refusals before a run: nothing has happened, so a repeat harms nobody. */
const BEFORE_A_RUN = new Set(["rate_limited", "concurrency_limited", "shedding", "not_ready"]);

/**
 * Whether a repeat may have another end. Nobody knows how far a call came whose connection broke, so it is repeated only
 * where an idempotency key keeps a second run from happening.
 */
export function mayRepeat(error: unknown, keyed: boolean): boolean {
  if (error instanceof NetworkError) return keyed;
  if (!(error instanceof ProblemError)) return false;
  // The first of two equal calls is still running; its result will be this call's.
  if (error.code === "idempotency_in_progress") return keyed;
  // A proxy without a server behind it.
  if (error.code === "unexpected_answer") return keyed && [502, 503, 504].includes(error.status);
  return BEFORE_A_RUN.has(error.code);
}

/**
 * How long to wait before the repeat: as long as the server asked for, or longer each time; and by a random part more or
 * less, or all callers that were refused together would come back together.
 */
export function waitMs(repeat: number, retryAfterMs: number, random: () => number = Math.random): number {
  const ceiling = Math.min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** repeat);
  return retryAfterMs > 0 ? retryAfterMs + random() * ceiling : random() * ceiling;
}

/** `Retry-After` in milliseconds: seconds, or a date. 0 when it is absent or cannot be read. */
export function retryAfterMs(header: string | null, now: number = Date.now()): number {
  if (header === null) return 0;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
