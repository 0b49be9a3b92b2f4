// The filters of the list of runs, as they stand in the address, so that a list can be kept and sent to someone.

import type { paths } from "../api/schema";

export type Query = NonNullable<paths["/v1/invocations"]["get"]["parameters"]["query"]>;

export const SINCE: Record<string, { label: string; back_ms: number }> = {
  "1h": { label: "Last hour", back_ms: 3_600_000 },
  "24h": { label: "Last 24 hours", back_ms: 86_400_000 },
  "7d": { label: "Last 7 days", back_ms: 7 * 86_400_000 },
};

export const FILTERS = [
  "function",
  "version",
  "outcome",
  "trigger",
  "since",
  "from",
  "to",
  "min_fuel",
] as const;

/** What to ask the API for. `since` moves with the clock; an exact window stands as it is. */
export function queryOf(search: URLSearchParams, now: Date): Query {
  const text = (name: string) => search.get(name) || undefined;
  const whole = (name: string) => {
    const value = search.get(name);
    return value && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  };
  return {
    function: text("function"),
    // A version is one of a function: without it the number says nothing.
    version: text("function") ? whole("version") : undefined,
    outcome: text("outcome") as Query["outcome"],
    trigger: text("trigger") as Query["trigger"],
    from: fromOf(search.get("since"), now) ?? text("from"),
    to: text("to"),
    min_fuel: whole("min_fuel"),
  };
}

/** The time that a span of [`SINCE`] begins at; none for any other word. */
export function fromOf(since: string | null, now: Date): string | undefined {
  const span = SINCE[since ?? ""];
  return span && new Date(now.getTime() - span.back_ms).toISOString();
}

/** The address with one filter set or taken away; the others stay. */
export function withFilter(search: URLSearchParams, name: string, value: string): URLSearchParams {
  const next = new URLSearchParams(search);
  if (value) next.set(name, value);
  else next.delete(name);
  if (name === "function") next.delete("version");
  // Two ways to say from when would contradict each other.
  if (name === "since") {
    next.delete("from");
    next.delete("to");
  }
  return next;
}
