// Points in time and spans of it.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const EXACT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  timeZoneName: "short",
});

/** `3 min ago`; a date once it is more than a week away. */
export function relativeTime(at: string, now: Date): string {
  const past_ms = now.getTime() - new Date(at).getTime();
  const away_ms = Math.abs(past_ms);
  const say = (amount: string) => (past_ms >= 0 ? `${amount} ago` : `in ${amount}`);
  if (away_ms < 5_000) return "just now";
  if (away_ms < MINUTE_MS) return say(`${Math.floor(away_ms / 1000)} s`);
  if (away_ms < HOUR_MS) return say(`${Math.floor(away_ms / MINUTE_MS)} min`);
  if (away_ms < DAY_MS) return say(`${Math.floor(away_ms / HOUR_MS)} h`);
  if (away_ms < 7 * DAY_MS) return say(`${Math.floor(away_ms / DAY_MS)} d`);
  return DAY.format(new Date(at));
}

/** To the millisecond, in the reader's zone. */
export function exactTime(at: string): string {
  return EXACT.format(new Date(at));
}

/** `23 µs`, `1.42 ms`, `2.1 s`. */
export function formatMicros(duration_us: number): string {
  if (duration_us < 1000) return `${duration_us} µs`;
  if (duration_us < 1_000_000) return `${trimmed(duration_us / 1000)} ms`;
  return `${trimmed(duration_us / 1_000_000)} s`;
}

function trimmed(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
}

/** `Mon 23 Nov 2026, 02:30`, by the clock of a zone; without one, of the reader's. */
export function clockTime(at: string, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZone,
  }).format(new Date(at));
}
