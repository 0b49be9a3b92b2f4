import { Link } from "react-router";
import { useTenant } from "../tenant/queries";
import { RETENTIONS } from "../tenant/retention";
import { Code } from "../ui/code";
import { Notice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { type InvocationDetail, isOnItsWay } from "./queries";

/** What is kept of a run's input, output and log; or why nothing is, and how to change that. */
export function RunPayload({ run }: { run: InvocationDetail }) {
  if (run.log_status !== "retained") return <NotKept status={run.log_status} />;
  if (isOnItsWay(run)) return <Skeleton lines={4} />;
  return (
    <>
      <div className="grid gap-5 lg:grid-cols-2">
        <Panel title="Input">
          <Payload value={run.input} label="input" none="It was called without an input." />
        </Panel>
        <Panel title="Output">
          <Payload value={run.output} label="output" none="It wrote no output." />
        </Panel>
      </div>
      <Panel title="Log" note={run.log_truncated ? "It was cut at the log limit." : undefined}>
        {run.log ? (
          <Code text={run.log} label="log" wrap tall />
        ) : (
          <p className="text-muted">It logged nothing.</p>
        )}
      </Panel>
    </>
  );
}

function Payload({ value, label, none }: { value: unknown; label: string; none: string }) {
  if (value == null || value === "") return <p className="text-muted">{none}</p>;
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return <Code text={text} label={label} tall />;
}

function NotKept({ status }: { status: string }) {
  const { data: tenant } = useTenant();
  const policy = tenant ? RETENTIONS[tenant.run_log_retention].label.toLowerCase() : "…";
  const titles: Record<string, string> = {
    off: `Payload not kept (policy: ${policy})`,
    dropped: "Payload lost: too many runs were logged at once",
    expired: "Payload no longer kept: its time is over",
  };
  return (
    <Notice tone="info" title={titles[status]}>
      Input, output and log are kept by your run log setting; the receipt above always is.{" "}
      <Link to="/tenant" className="font-medium underline underline-offset-2">
        Change what is kept
      </Link>
      . It counts for later runs, not for this one.
    </Notice>
  );
}
