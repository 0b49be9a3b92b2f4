// What the page of live logs holds: the newest rows, how many were missed, and what waits while it is paused.

import type { Schemas } from "../api/client";
import type { StreamEvent } from "./events";

export type LogEntry = Schemas["LogEntry"];

/** Rows that a page holds. Older ones go, as they would in a terminal. */
export const ROWS_MAX = 1_000;

export type Row =
  | { key: string; entry: LogEntry }
  /** Something about the stream itself, at its place. */
  | { key: string; note: string };

export interface Tail {
  rows: Row[];
  /** Rows that came while it was paused. */
  waiting: Row[];
  paused: boolean;
  /** Lines that will never come, as far as somebody counted them. */
  dropped: number;
  state: "connecting" | "open" | "interrupted";
  /** Which runs are kept beside being seen here. */
  retention: string | null;
  /** Rows made so far: the key of the next one. */
  made: number;
}

export const EMPTY: Tail = {
  rows: [],
  waiting: [],
  paused: false,
  dropped: 0,
  state: "connecting",
  retention: null,
  made: 0,
};

const REASONS: Record<string, string> = {
  flood: "the function logs more than is streamed",
  slow_reader: "they came faster than this page read them",
  interrupted: "the way from the executors was interrupted",
  not_resumed: "the connection was gone for too long",
};

/** The tail after some events. */
export function after(tail: Tail, events: StreamEvent[]): Tail {
  const next = { ...tail, rows: tail.rows, waiting: tail.waiting };
  const come: Row[] = [];
  for (const event of events) {
    const row = take(next, event);
    if (row) come.push(row);
  }
  if (next.paused) next.waiting = newest([...tail.waiting, ...come]);
  else next.rows = newest([...tail.rows, ...come]);
  return next;
}

/** Pause, or go on with what came meanwhile. */
export function paused(tail: Tail, stop: boolean): Tail {
  if (stop) return { ...tail, paused: true };
  return { ...tail, paused: false, rows: newest([...tail.rows, ...tail.waiting]), waiting: [] };
}

export const cleared = (tail: Tail): Tail => ({ ...tail, rows: [], waiting: [], dropped: 0 });

/** Notes what an event says of the stream, and answers the row that it makes. */
function take(tail: Tail, event: StreamEvent): Row | null {
  const key = String(tail.made);
  tail.made += 1;
  const data = JSON.parse(event.data);
  switch (event.name) {
    case "open":
      tail.state = "open";
      tail.retention = data.retention;
      return null;
    case "interrupted":
      tail.state = "interrupted";
      return null;
    case "dropped": {
      tail.dropped += data.lines ?? 0;
      const lines = data.lines === null ? "Lines" : `${data.lines.toLocaleString("en-US")} lines`;
      return { key, note: `${lines} are missing here: ${REASONS[data.reason] ?? data.reason}.` };
    }
    case "line":
    case "cut":
    case "failure":
      return { key, entry: data };
    default:
      return null;
  }
}

const newest = (rows: Row[]) => (rows.length > ROWS_MAX ? rows.slice(-ROWS_MAX) : rows);
