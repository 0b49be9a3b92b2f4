import { expect, test } from "vitest";
import type { Attempt } from "./queries";
import { spansOf } from "./spans";

function attempt(started_at: string | null, ended_at: string): Attempt {
  return { attempt: 1, invocation_id: null, started_at, ended_at, outcome: "trap", error: null };
}

test("an attempt waited since the one before it ended, the first since it was queued", () => {
  const history = [
    attempt("2026-11-21T12:00:00.040Z", "2026-11-21T12:00:00.050Z"),
    attempt("2026-11-21T12:00:05.050Z", "2026-11-21T12:00:06.050Z"),
  ];
  const spans = spansOf({ created_at: "2026-11-21T12:00:00.000Z", history });
  expect(spans.map((span) => [span.waited_ms, span.took_ms])).toEqual([
    [40, 10],
    [5_000, 1_000],
  ]);
});

test("clocks that disagree make no span below zero, and what never began has none", () => {
  const history = [
    attempt("2026-11-21T11:59:59.990Z", "2026-11-21T12:00:00.000Z"),
    attempt(null, "2026-11-21T12:00:01.000Z"),
  ];
  const spans = spansOf({ created_at: "2026-11-21T12:00:00.000Z", history });
  expect(spans.map((span) => span.waited_ms)).toEqual([0, null]);
});
