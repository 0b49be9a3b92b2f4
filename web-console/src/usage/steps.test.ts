import { expect, test } from "vitest";
import type { UsageRow } from "./queries";
import { spanName, spanOf } from "./span";
import { byFunction, stepsOf, totalsOf } from "./steps";

const NOW = new Date("2026-11-21T12:34:56Z");

function row(from: string, more: Partial<UsageRow> = {}): UsageRow {
  const zeros = {
    billable_invocations: 0,
    memory_kib_ms: 0,
    input_bytes: 0,
    output_bytes: 0,
    log_bytes: 0,
    egress_bytes: 0,
    cached_hits: 0,
  };
  return { from, to: from, invocations: 1, errors: 0, fuel: 10, ...zeros, ...more };
}

test("a span ends with the step that now is in, and begins on a whole hour or day", () => {
  const day = spanOf("24h", NOW);
  expect(new Date(day.to_s * 1000).toISOString()).toBe("2026-11-21T13:00:00.000Z");
  expect(day.to_s - day.from_s).toBe(24 * 3600);
  const month = spanOf("month", NOW);
  expect(new Date(month.from_s * 1000).toISOString()).toBe("2026-11-01T00:00:00.000Z");
  expect(new Date(month.to_s * 1000).toISOString()).toBe("2026-11-22T00:00:00.000Z");
  expect(spanName("no such")).toBe("24h");
});

test("every step has its sum, be it zero; a row outside the span is left out", () => {
  const rows = [
    row("2026-11-21T11:00:00Z"),
    row("2026-11-21T11:00:00Z", { errors: 1 }),
    row("2026-11-01T00:00:00Z"),
  ];
  const steps = stepsOf(rows, spanOf("24h", NOW));
  expect(steps).toHaveLength(24);
  expect(steps.at(-2)).toMatchObject({ invocations: 2, errors: 1, fuel: 20n });
  expect(steps.at(-1)).toMatchObject({ invocations: 0, errors: 0, fuel: 0n });
  expect(steps.reduce((sum, step) => sum + step.invocations, 0)).toBe(2);
});

test("sums of fuel stay exact past 2^53", () => {
  const rows = [
    row("2026-11-21T11:00:00Z", { fuel: "9007199254740993" }),
    row("2026-11-21T11:00:00Z", { fuel: 2 }),
  ];
  expect(totalsOf(rows).fuel).toBe("9007199254740995");
});

test("functions are summed over time, the busiest first", () => {
  const rows = [
    row("2026-11-21T10:00:00Z", { function: "quiet" }),
    row("2026-11-21T10:00:00Z", { function: "busy" }),
    row("2026-11-21T11:00:00Z", { function: "busy" }),
  ];
  expect(byFunction(rows).map(({ name, totals }) => [name, totals.invocations])).toEqual([
    ["busy", 2],
    ["quiet", 1],
  ]);
});
