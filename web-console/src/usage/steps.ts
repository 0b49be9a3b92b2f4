// Rows of usage, one for each step of a span: where nothing ran the API has no row, and a chart needs a zero.

import type { Count } from "../figures/count";
import type { UsageRow } from "./queries";
import type { Span } from "./span";

export interface Step {
  from_s: number;
  to_s: number;
  invocations: number;
  errors: number;
  fuel: bigint;
}

export function stepsOf(rows: UsageRow[], span: Span): Step[] {
  const steps: Step[] = [];
  for (let from_s = span.from_s; from_s < span.to_s; from_s += span.step_s) {
    steps.push({ from_s, to_s: from_s + span.step_s, invocations: 0, errors: 0, fuel: 0n });
  }
  for (const row of rows) {
    const step = steps[Math.floor((new Date(row.from).getTime() / 1000 - span.from_s) / span.step_s)];
    if (!step) continue;
    step.invocations += row.invocations;
    step.errors += row.errors;
    step.fuel += BigInt(row.fuel);
  }
  return steps;
}

export interface Totals {
  invocations: number;
  billable: number;
  errors: number;
  fuel: Count;
}

export function totalsOf(rows: UsageRow[]): Totals {
  return {
    invocations: rows.reduce((sum, row) => sum + row.invocations, 0),
    billable: rows.reduce((sum, row) => sum + row.billable_invocations, 0),
    errors: rows.reduce((sum, row) => sum + row.errors, 0),
    fuel: String(rows.reduce((sum, row) => sum + BigInt(row.fuel), 0n)),
  };
}

export interface FunctionUsage {
  name: string;
  totals: Totals;
}

/** The same rows summed by function, the busiest first. */
export function byFunction(rows: UsageRow[]): FunctionUsage[] {
  const own = new Map<string, UsageRow[]>();
  for (const row of rows) {
    const name = row.function ?? "";
    own.set(name, [...(own.get(name) ?? []), row]);
  }
  return [...own]
    .map(([name, rows]) => ({ name, totals: totalsOf(rows) }))
    .sort((one, other) => other.totals.invocations - one.totals.invocations);
}
