// Quotas in words: the API names rules and limits for programs.

import { compactCount } from "../figures/count";
import { exactTime } from "../figures/time";
import type { QuotaState } from "./queries";

export const RULES = {
  rate: "Runs per second",
  concurrency: "Runs at once",
  daily_invocations: "Runs a day",
  monthly_invocations: "Runs a month",
  daily_fuel: "Fuel a day",
  monthly_fuel: "Fuel a month",
};

export function ruleInWords(kind: string): string {
  return (RULES as Record<string, string>)[kind] ?? kind;
}

/** `50`, or `50, 200 at once` of a rate whose burst is another. */
export function limitInWords(rule: Pick<QuotaState, "limit" | "burst">): string {
  const limit = compactCount(rule.limit);
  if (rule.burst === null || rule.burst === rule.limit) return limit;
  return `${limit}, ${compactCount(rule.burst)} at once`;
}

/** When a day's or month's count begins anew; what refills by itself needs no word. */
export function beginsAnew(rule: Pick<QuotaState, "kind" | "resets_at">): string {
  const isPeriod = rule.kind.startsWith("daily_") || rule.kind.startsWith("monthly_");
  return isPeriod && rule.resets_at ? exactTime(rule.resets_at) : "";
}
