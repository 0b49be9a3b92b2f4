import { Link, useParams } from "react-router";
import { formatBytes } from "../figures/bytes";
import { formatCount } from "../figures/count";
import { formatCost } from "../figures/money";
import { exactTime, formatMicros } from "../figures/time";
import { RunReplay } from "../replays/run-replay";
import { Copyable } from "../ui/copyable";
import { Facts } from "../ui/facts";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { When } from "../ui/when";
import { OutcomeBadge } from "./outcome";
import { type InvocationDetail, useInvocation } from "./queries";
import { RunFailure } from "./run-failure";
import { RunPayload } from "./run-payload";

/** One run: how it ended, what it took, and what is kept of what went in and came out. */
export function RunPage() {
  const { id = "" } = useParams();
  const run = useInvocation(id);
  return (
    <>
      <Link to="/runs" className="text-[13px] text-muted hover:text-ink hover:underline">
        Runs
      </Link>
      {run.isError && <ProblemNotice thrown={run.error} retry={() => run.refetch()} />}
      {run.isPending && <Skeleton lines={8} />}
      {run.isSuccess && <Run run={run.data} />}
    </>
  );
}

function Run({ run }: { run: InvocationDetail }) {
  return (
    <>
      <title>{`Run of ${run.function} · Cartwright`}</title>
      <div className="mt-0.5 mb-6 flex flex-wrap items-center gap-x-3 gap-y-1">
        <h1 className="text-[22px]">
          Run of{" "}
          <Link to={`/functions/${run.function}`} className="hover:text-accent hover:underline">
            {run.function}
          </Link>{" "}
          v{run.version}
        </h1>
        <OutcomeBadge outcome={run.outcome} />
        <span className="text-muted">
          <When at={run.started_at} />
        </span>
      </div>
      <div className="grid gap-5">
        {run.error && <RunFailure error={run.error} />}
        <Panel title="Receipt">
          <div className="grid gap-x-10 gap-y-1.5 lg:grid-cols-2">
            <Facts
              facts={[
                [
                  "Cost",
                  <span key="cost">
                    <b>{formatCost(run.cost)}</b>{" "}
                    {!run.billed && <span className="text-muted">not billed</span>}
                  </span>,
                ],
                ["Fuel", formatCount(run.fuel)],
                ["Time", formatMicros(run.duration_us)],
                ["Memory, at most", formatBytes(run.memory_peak_bytes)],
                ["Input", formatBytes(run.input_bytes)],
                ["Output", formatBytes(run.output_bytes)],
              ]}
            />
            <Facts
              facts={[
                ["Started", exactTime(run.started_at)],
                ["Trigger", run.trigger + (run.alias ? `, by alias ${run.alias}` : "")],
                ["Settings", run.config_version === 0 ? "none saved" : String(run.config_version)],
                ["Run", <Copyable key="run" text={run.invocation_id} what="run id" />],
                ["Request", <Copyable key="request" text={run.request_id} what="request id" />],
              ]}
            />
          </div>
        </Panel>
        <RunPayload run={run} />
        {run.log_status === "retained" && run.function && <RunReplay key={run.invocation_id} run={run} />}
      </div>
    </>
  );
}
