// Differences, with their sign: a reader must see at a glance whether something got more or less.

import { formatCount } from "./count";

/** `+1,234`, `−56`, `±0`. */
export function formatDelta(delta: number): string {
  if (delta === 0) return "±0";
  return `${delta > 0 ? "+" : "−"}${formatCount(Math.abs(delta))}`;
}

/** `+12.5 %` of what it was, on one line; nothing without a base. */
export function formatGrowth(delta: number, base: number): string {
  if (base === 0) return "";
  const percent = (delta / base) * 100;
  const text = Math.abs(percent).toLocaleString("en-US", { maximumFractionDigits: 1 });
  return `${percent > 0 ? "+" : percent < 0 ? "−" : "±"}${text}\u00a0%`;
}
