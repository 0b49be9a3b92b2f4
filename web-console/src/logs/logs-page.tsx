import { Eraser, Pause, Play } from "lucide-react";
import { Link, useSearchParams } from "react-router";
import { useThisFunction } from "../functions/this-function";
import { Badge, type Tone } from "../ui/badge";
import { Button } from "../ui/button";
import { Notice, ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { filterOf } from "./filter";
import { LogFilters } from "./log-filters";
import { LogRows } from "./log-rows";
import type { Tail } from "./tail";
import { useLiveLogs } from "./use-live-logs";

const STATES: Record<Tail["state"], { words: string; tone: Tone }> = {
  connecting: { words: "connecting", tone: "plain" },
  open: { words: "live", tone: "good" },
  interrupted: { words: "interrupted", tone: "warn" },
};

/** What the function logs, as it runs. */
export function LogsPage() {
  const { name } = useThisFunction();
  const [search, setSearch] = useSearchParams();
  const { tail, problem, pause, clear } = useLiveLogs(name, JSON.stringify(filterOf(search)));
  const { words, tone } = STATES[tail.state];
  return (
    <div className="grid gap-4">
      <LogFilters search={search} onChange={(next) => setSearch(next, { replace: true })} />
      {problem !== null && <ProblemNotice thrown={problem} />}
      {tail.state === "interrupted" && (
        <Notice tone="info" title="Lines are missed just now: the way from the executors is interrupted.">
          The function runs on, and this page goes on by itself.
        </Notice>
      )}
      <Panel
        flush
        title={
          <span className="inline-flex flex-wrap items-center gap-2">
            Live log
            {tail.paused ? <Badge tone="accent">paused</Badge> : <Badge tone={tone}>{words}</Badge>}
            {tail.dropped > 0 && (
              <Badge tone="warn">{tail.dropped.toLocaleString("en-US")} lines not shown</Badge>
            )}
          </span>
        }
        note={<Kept name={name} retention={tail.retention} />}
        actions={
          <>
            <Button size="small" onClick={() => pause(!tail.paused)}>
              {tail.paused ? (
                <Play className="size-3.5" aria-hidden />
              ) : (
                <Pause className="size-3.5" aria-hidden />
              )}
              {tail.paused
                ? `Go on${tail.waiting.length > 0 ? `, ${tail.waiting.length} new` : ""}`
                : "Pause"}
            </Button>
            <Button size="small" look="quiet" onClick={clear}>
              <Eraser className="size-3.5" aria-hidden />
              Clear
            </Button>
          </>
        }
      >
        <LogRows rows={tail.rows} follow={!tail.paused} filtered={search.size > 0} />
      </Panel>
    </div>
  );
}

const KEPT: Record<string, string> = {
  none: "Nothing of it is kept",
  errors: "Kept are the logs of runs that failed",
  all: "The logs of all runs are kept",
};

function Kept({ name, retention }: { name: string; retention: string | null }) {
  return (
    <>
      {retention ? `${KEPT[retention] ?? retention}. ` : "Lines show here at the end of each run. "}
      <Link to={`/functions/${name}/runs`} className="underline underline-offset-2">
        Earlier runs
      </Link>
    </>
  );
}
