import { Link } from "react-router";
import { formatBytes } from "../figures/bytes";
import { formatCount } from "../figures/count";
import { formatCost } from "../figures/money";
import { formatMicros } from "../figures/time";
import { OutcomeBadge } from "../invocations/outcome";
import { RunFailure } from "../invocations/run-failure";
import { Code } from "../ui/code";
import { Facts } from "../ui/facts";
import { Gauge } from "../ui/gauge";
import { Panel } from "../ui/panel";
import type { TestRun } from "./queries";

/** What a try left behind: what came out, what it took, what it said. */
export function TryResult({ run }: { run: TestRun }) {
  return (
    <div className="grid gap-5">
      <Panel
        title="Result"
        actions={
          <>
            <OutcomeBadge outcome={run.outcome} />
            <Link
              className="text-[13px] text-muted underline underline-offset-2"
              to={`/runs/${run.invocation_id}`}
            >
              Open this run
            </Link>
          </>
        }
      >
        <div className="grid gap-4">
          {run.error && <RunFailure error={run.error} />}
          {run.outcome === "ok" && <Code text={JSON.stringify(run.output, null, 2)} label="output" tall />}
          <Gauge label="Fuel" used={run.fuel} limit={run.fuel_limit} />
          <Facts
            facts={[
              ["Fuel, exactly", formatCount(run.fuel)],
              ["Price of such a run", formatCost(run.cost)],
              ["Time", formatMicros(run.duration_us)],
              ["Memory, at most", formatBytes(run.memory_peak_bytes)],
            ]}
          />
        </div>
      </Panel>
      <Panel title="Log" note={run.log_truncated ? "It was cut at the log limit." : undefined}>
        {run.log ? (
          <Code text={run.log} label="log" wrap />
        ) : (
          <p className="text-muted">It logged nothing.</p>
        )}
      </Panel>
    </div>
  );
}
