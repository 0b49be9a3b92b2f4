import type { Span } from "./span";
import type { Step } from "./steps";

/** `21 Nov, 10:00–11:00 UTC` or `Sat, 21 Nov`. */
export function stepWords(step: Step, span: Span): string {
  const from = new Date(step.from_s * 1000);
  if (span.granularity === "day") {
    return from.toLocaleDateString("en-GB", {
      weekday: "short",
      day: "numeric",
      month: "short",
      timeZone: "UTC",
    });
  }
  const hour = (at_s: number) => `${String(new Date(at_s * 1000).getUTCHours()).padStart(2, "0")}:00`;
  const day = from.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  return `${day}, ${hour(step.from_s)}–${hour(step.to_s)} UTC`;
}
