// The spans of time that usage can be looked at, each cut into steps that begin on the hour or the day, UTC as billing counts them.

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

export type SpanName = "24h" | "7d" | "30d" | "month";

export const SPANS: Record<SpanName, string> = {
  "24h": "24 hours",
  "7d": "7 days",
  "30d": "30 days",
  month: "This month",
};

export interface Span {
  /** Start of the first step, in seconds since the Unix epoch. */
  from_s: number;
  /** End of the last step, in seconds since the Unix epoch. */
  to_s: number;
  granularity: "hour" | "day";
  step_s: number;
}

export function spanName(text: string | null): SpanName {
  return text !== null && text in SPANS ? (text as SpanName) : "24h";
}

/** A span that ends with the step in which now is. */
export function spanOf(name: SpanName, now: Date): Span {
  const now_s = Math.floor(now.getTime() / 1000);
  const tomorrow_s = Math.floor(now_s / DAY_S) * DAY_S + DAY_S;
  switch (name) {
    case "24h": {
      const to_s = Math.floor(now_s / HOUR_S) * HOUR_S + HOUR_S;
      return { from_s: to_s - DAY_S, to_s, granularity: "hour", step_s: HOUR_S };
    }
    case "7d":
      return { from_s: tomorrow_s - 7 * DAY_S, to_s: tomorrow_s, granularity: "day", step_s: DAY_S };
    case "30d":
      return { from_s: tomorrow_s - 30 * DAY_S, to_s: tomorrow_s, granularity: "day", step_s: DAY_S };
    case "month": {
      const from_s = Date.UTC(now.getUTCFullYear(), now.getUTCMonth()) / 1000;
      return { from_s, to_s: tomorrow_s, granularity: "day", step_s: DAY_S };
    }
  }
}
