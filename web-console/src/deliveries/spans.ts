// How a delivery's time went by: what each attempt waited for its turn, and what it took.

import type { Attempt, DeliveryDetail } from "./queries";

export interface Span {
  place: number;
  attempt: Attempt;
  /** Since it was queued, or since the attempt before ended; null when nothing began. */
  waited_ms: number | null;
  took_ms: number | null;
}

export function spansOf({ created_at, history }: Pick<DeliveryDetail, "created_at" | "history">): Span[] {
  return history.map((attempt, place) => {
    const since = history[place - 1]?.ended_at ?? created_at;
    const { started_at, ended_at } = attempt;
    return {
      place,
      attempt,
      waited_ms: started_at ? between(since, started_at) : null,
      took_ms: started_at ? between(started_at, ended_at) : null,
    };
  });
}

/** Never below zero: the clocks of two machines may disagree by some milliseconds. */
function between(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}
