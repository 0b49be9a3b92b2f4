import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { formatCount } from "../figures/count";
import { formatDelta, formatGrowth } from "../figures/delta";
import { formatMoney } from "../figures/money";
import { Badge, type Tone } from "../ui/badge";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Facts } from "../ui/facts";
import { Notice, ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { Table } from "../ui/table";
import { When } from "../ui/when";
import { PromoteButton } from "../versions/promote-button";
import { CLASSES, ClassBadge } from "./classes";
import { type ReplayBatch, type ReplayResult, useCancelBatch, useResults } from "./queries";
import { TwoSides } from "./two-sides";

const STATUSES: Record<ReplayBatch["status"], Tone> = {
  queued: "plain",
  running: "accent",
  finished: "good",
  cancelled: "warn",
  failed: "bad",
};

/** What a shadow run came to so far: counts, fuel, the quote, and the runs themselves, the worst first. */
export function Batch({
  name,
  batch,
  live,
  picker,
}: {
  name: string;
  batch: ReplayBatch;
  live: number | null;
  picker: ReactNode;
}) {
  const cancel = useCancelBatch(name);
  const before = batch.against === "recorded" ? "what was recorded" : `v${batch.against}`;
  return (
    <Panel title={`v${batch.version} against ${before}`}>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
        {picker}
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Badge tone={STATUSES[batch.status]}>{batch.status}</Badge>
          <span className="figures">
            {formatCount(batch.done)} of {formatCount(batch.inputs)} runs
          </span>
          <span className="text-muted">
            asked for <When at={batch.created_at} />
          </span>
          {batch.ended_at === null && (
            <Button size="small" busy={cancel.isPending} onClick={() => cancel.mutate(batch.id)}>
              Cancel
            </Button>
          )}
          {batch.status === "finished" && batch.version !== live && (
            <PromoteButton name={name} version={batch} />
          )}
        </p>
        {cancel.isError && <ProblemNotice thrown={cancel.error} />}
        {batch.error && (
          <Notice tone="bad" title="It could not go on">
            {batch.error}
          </Notice>
        )}
        {batch.status === "finished" && batch.inputs === 0 && (
          <Notice tone="info" title="No recorded input was found">
            Only runs whose input is kept can be repeated.{" "}
            <Link to="/tenant" className="font-medium underline underline-offset-2">
              Keep everything
            </Link>
            , and let the function run for a while.
          </Notice>
        )}
        {batch.inputs > 0 && <Findings batch={batch} />}
        <Results name={name} batch={batch} />
      </div>
    </Panel>
  );
}

function Findings({ batch }: { batch: ReplayBatch }) {
  const { counts, fuel, quote } = batch;
  const classes = Object.keys(CLASSES) as ReplayResult["class"][];
  const run = fuel.per_run;
  const growth = formatGrowth(fuel.delta, fuel.before);
  return (
    <div className="grid gap-x-10 gap-y-4 lg:grid-cols-[max-content_max-content_minmax(0,1fr)]">
      <Facts
        facts={classes.map((each) => [<ClassBadge key={each} of={each} />, formatCount(counts[each])])}
      />
      <Facts
        facts={[
          ["Fuel before", formatCount(fuel.before)],
          ["Fuel now", growth ? `${formatCount(fuel.after)} (${growth})` : formatCount(fuel.after)],
          ...(run
            ? ([
                ["A run burns, median", formatDelta(run.p50)],
                ["95 of 100 at most", formatDelta(run.p95)],
                ["All at most", formatDelta(run.max)],
              ] as [string, string][])
            : []),
        ]}
      />
      {quote && (
        <Facts
          facts={[
            ["Runs of the last 7 days", formatCount(quote.invocations)],
            ["Their price", formatMoney(quote.price_before, quote.currency)],
            ["With this version", formatMoney(quote.price_after, quote.currency)],
            ["Difference", <b key="delta">{formatMoney(quote.price_delta, quote.currency)}</b>],
          ]}
        />
      )}
    </div>
  );
}

function Results({ name, batch }: { name: string; batch: ReplayBatch }) {
  const results = useResults(name, batch);
  const [shown, setShown] = useState<ReplayResult | null>(null);
  if (results.isError) return <ProblemNotice thrown={results.error} retry={() => results.refetch()} />;
  const rows = results.data?.data ?? [];
  if (rows.length === 0) return null;
  return (
    <>
      <Table<ReplayResult>
        caption="Runs, the worst first"
        rows={rows}
        rowKey={(row) => row.invocation_id}
        columns={[
          { head: "Finding", narrow: true, cell: (row) => <ClassBadge of={row.class} /> },
          {
            head: "Recorded run",
            cell: (row) => (
              <Link to={`/runs/${row.invocation_id}`} className="figures hover:underline">
                …{row.invocation_id.slice(-12)}
              </Link>
            ),
          },
          { head: "Fuel before", figures: true, narrow: true, cell: (row) => formatCount(row.before.fuel) },
          {
            head: "Fuel now",
            figures: true,
            narrow: true,
            cell: (row) => (row.after ? formatCount(row.after.fuel) : "–"),
          },
          {
            head: "Actions",
            figures: true,
            narrow: true,
            cell: (row) => (
              <Button
                size="small"
                look="quiet"
                aria-label={`Compare run ${row.invocation_id.slice(-12)}`}
                onClick={() => setShown(row)}
              >
                Compare
              </Button>
            ),
          },
        ]}
      />
      <Dialog open={shown !== null} onClose={() => setShown(null)} title="Both sides">
        {shown && (
          <>
            {shown.why_not.length > 0 && (
              <p className="text-muted">{shown.why_not.map((why) => why.detail).join("; ")}</p>
            )}
            <TwoSides
              before={shown.before}
              after={shown.after}
              titles={["Before", "Now"]}
              difference={shown.difference}
            />
          </>
        )}
      </Dialog>
    </>
  );
}
