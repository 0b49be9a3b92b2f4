import { useCallback, useEffect, useState } from "react";
import { answered, api } from "../api/client";
import { ProblemError } from "../api/problem";
import type { paths } from "../api/schema";
import { eventsOf, type StreamEvent } from "./events";
import { after, cleared, EMPTY, paused } from "./tail";

export type Filter = NonNullable<paths["/v1/functions/{name}/logs/stream"]["get"]["parameters"]["query"]>;

/** What comes within this time is drawn at once. */
const DRAW_EVERY_MS = 100;
/** Who types a filter is waited for: each letter would be a stream of its own. */
const SETTLED_MS = 250;
const RETRY_MS = { first: 500, most: 10_000 };

/** Codes of an `end` after which coming back would change nothing. */
const FINAL = new Set(["not_found", "forbidden"]);

/** A function's log as it runs. It comes back by itself after a break; what then still ends it is a problem. */
export function useLiveLogs(name: string, filter: string) {
  const [tail, setTail] = useState(EMPTY);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    const left = new AbortController();
    setTail((before) => ({ ...EMPTY, paused: before.paused, made: before.made }));
    setProblem(null);
    const draw = collected((events) => setTail((before) => after(before, events)));
    const connecting = () => setTail((before) => ({ ...before, state: "connecting" }));
    const settled = setTimeout(() => {
      watch(name, JSON.parse(filter), left.signal, draw.add, connecting).catch((thrown) => {
        if (!left.signal.aborted) setProblem(thrown);
      });
    }, SETTLED_MS);
    return () => {
      clearTimeout(settled);
      left.abort();
      draw.stop();
    };
  }, [name, filter]);
  return {
    tail,
    problem,
    pause: useCallback((stop: boolean) => setTail((before) => paused(before, stop)), []),
    clear: useCallback(() => setTail(cleared), []),
  };
}

/** Watches until `left`, or until what happened would happen again: that is thrown. */
async function watch(
  name: string,
  query: Filter,
  left: AbortSignal,
  on: (event: StreamEvent) => void,
  connecting: () => void,
) {
  let last: string | undefined;
  let wait_ms = RETRY_MS.first;
  while (!left.aborted) {
    try {
      const header = last ? { "Last-Event-ID": last } : undefined;
      const asked = { params: { path: { name }, query, header }, parseAs: "stream" as const, signal: left };
      const body = await answered(api.GET("/v1/functions/{name}/logs/stream", asked));
      for await (const event of eventsOf(body as ReadableStream<Uint8Array>)) {
        wait_ms = RETRY_MS.first;
        last = event.id || last;
        if (event.name === "end") endIfFinal(event);
        else on(event);
      }
    } catch (thrown) {
      if (left.aborted || (thrown instanceof ProblemError && isFinal(thrown))) throw thrown;
    }
    connecting();
    await new Promise((resolve) => setTimeout(resolve, wait_ms));
    wait_ms = Math.min(wait_ms * 2, RETRY_MS.most);
  }
}

/** A full house or a server that is away is tried again; a refusal of the request is not. */
const isFinal = ({ problem }: ProblemError) => ![0, 429].includes(problem.status) && problem.status < 500;

function endIfFinal(event: StreamEvent) {
  const { code, detail } = JSON.parse(event.data);
  if (!FINAL.has(code)) return;
  const status = code === "forbidden" ? 403 : 404;
  throw new ProblemError({ type: "about:blank", title: "The stream ended", status, code, detail });
}

/** Hands events on a few times a second, however many come. */
function collected(hand: (events: StreamEvent[]) => void) {
  let waiting: StreamEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    add(event: StreamEvent) {
      waiting.push(event);
      timer ??= setTimeout(() => {
        timer = undefined;
        const come = waiting;
        waiting = [];
        hand(come);
      }, DRAW_EVERY_MS);
    },
    stop: () => clearTimeout(timer),
  };
}
