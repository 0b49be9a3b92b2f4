import { OUTCOMES } from "../invocations/outcome";
import { Badge, type Tone } from "../ui/badge";
import type { Delivery } from "./queries";

export const STATUSES: Record<Delivery["status"], Tone> = {
  pending: "plain",
  running: "accent",
  succeeded: "good",
  dead: "bad",
  cancelled: "warn",
  expired: "warn",
};

/** Why nothing ran, or why what ran is not tried again. The codes are the API's, beside those of outcomes. */
const CAUSES: Record<string, string> = {
  no_live_version: "no live version",
  function_deleted: "function deleted",
  transform_failed: "transform failed",
  event_gone: "event no longer kept",
  input_too_large: "input too large",
};

export function causeInWords(cause: string): string {
  return CAUSES[cause] ?? OUTCOMES[cause] ?? cause.replaceAll("_", " ");
}

/** Where a delivery is, and why it is dead or waits. */
export function DeliveryStatus({ of: delivery }: { of: Delivery }) {
  return (
    <span className="inline-flex items-center gap-x-2 whitespace-nowrap max-sm:flex-wrap">
      <Badge tone={STATUSES[delivery.status]}>{delivery.status}</Badge>
      {delivery.held && <Badge tone="warn">held</Badge>}
      {delivery.cause && <span className="text-[13px] text-muted">{causeInWords(delivery.cause)}</span>}
    </span>
  );
}
