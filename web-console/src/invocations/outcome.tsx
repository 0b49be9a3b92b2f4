import { Badge, type Tone } from "../ui/badge";

/** Every way a run can end, in words. The codes are the API's. */
export const OUTCOMES: Record<string, string> = {
  ok: "ok",
  fuel_exhausted: "out of fuel",
  memory_exceeded: "out of memory",
  stack_overflow: "stack overflow",
  deadline_exceeded: "out of time",
  trap: "trapped",
  exited: "exited with an error",
  output_too_large: "output too large",
  output_invalid: "output not valid",
  budget_exceeded: "caller's budget ended",
  spend_cap_reached: "spend cap reached",
  platform_fault: "our fault, not billed",
};

export function OutcomeBadge({ outcome }: { outcome: string }) {
  const tone: Tone = outcome === "ok" ? "good" : outcome === "platform_fault" ? "warn" : "bad";
  return <Badge tone={tone}>{OUTCOMES[outcome] ?? outcome}</Badge>;
}
