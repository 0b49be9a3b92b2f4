import { formatBytes } from "../figures/bytes";
import { compactCount, formatCount, formatShare, share } from "../figures/count";
import { Badge, type Tone } from "../ui/badge";
import { Button } from "../ui/button";
import { Empty } from "../ui/empty";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { TableSkeleton } from "../ui/skeleton";
import { Table } from "../ui/table";
import { When } from "../ui/when";
import { type Executor, useDrain, useFleet } from "./queries";

const TONES: Record<Executor["state"], Tone> = {
  ready: "good",
  draining: "accent",
  not_ready: "warn",
  lost: "bad",
};

/** Every executor, with how it is and the way to drain it. */
export function Executors({ platformKey }: { platformKey: string }) {
  const fleet = useFleet(platformKey);
  const drain = useDrain(platformKey);
  return (
    <div className="grid gap-4">
      {fleet.isError && <ProblemNotice thrown={fleet.error} retry={() => fleet.refetch()} />}
      {drain.isError && <ProblemNotice thrown={drain.error} />}
      <Panel flush>
        {fleet.isPending ? (
          <TableSkeleton rows={3} />
        ) : (fleet.data ?? []).length === 0 ? (
          <Empty title="No executor has reported">
            An executor that runs reports within seconds. Its log says why the api does not take its report.
          </Empty>
        ) : (
          <ExecutorTable
            rows={fleet.data ?? []}
            busy={drain.isPending}
            onDrain={(executor, wanted) => drain.mutate({ executor, drain: wanted })}
          />
        )}
      </Panel>
    </div>
  );
}

function ExecutorTable({
  rows,
  busy,
  onDrain,
}: {
  rows: Executor[];
  busy: boolean;
  onDrain: (executor: Executor, drain: boolean) => void;
}) {
  return (
    <Table<Executor>
      caption="Executors"
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        { head: "Executor", cell: (row) => <Name of={row} /> },
        { head: "State", cell: (row) => <State of={row} /> },
        {
          head: "Slots used",
          figures: true,
          cell: (row) => `${formatCount(row.slots.used)} of ${formatCount(row.slots.total)}`,
        },
        { head: "Found in memory", figures: true, cell: (row) => <InMemory of={row} /> },
        { head: "Unshipped", figures: true, cell: (row) => <Unshipped of={row} /> },
        { head: "Started", figures: true, narrow: true, cell: (row) => <When at={row.started_at} /> },
        { head: "Last report", figures: true, narrow: true, cell: (row) => <When at={row.last_seen_at} /> },
        {
          head: "Actions",
          figures: true,
          narrow: true,
          cell: (row) =>
            row.state !== "lost" && (
              <Button
                size="small"
                look="quiet"
                busy={busy}
                aria-label={`${row.drain ? "Put back" : "Drain"} ${row.public_url}`}
                onClick={() => onDrain(row, row.drain === null)}
              >
                {row.drain ? "Put back" : "Drain"}
              </Button>
            ),
        },
      ]}
    />
  );
}

function Name({ of }: { of: Executor }) {
  return (
    <>
      <span className="font-medium">{of.public_url}</span>
      <span className="block font-mono text-[12.5px] text-muted">{of.id}</span>
      <span className="block text-[12.5px] text-muted">
        {of.version}, engine {of.engine_epoch}
      </span>
    </>
  );
}

function State({ of }: { of: Executor }) {
  return (
    <>
      <Badge tone={TONES[of.state]}>{of.state.replace("_", " ")}</Badge>
      {of.why && <span className="mt-1 block max-w-[34ch] text-[12.5px] text-muted">{of.why}</span>}
    </>
  );
}

/** The share of its runs that found their module loaded, and what is loaded. */
function InMemory({ of }: { of: Executor }) {
  const { memory, disk, store_hits } = of.caches;
  const runs = memory.hits + disk.hits + store_hits;
  return (
    <>
      {runs === 0 ? "no runs yet" : formatShare(share(memory.hits, runs))}
      <span className="block text-[12.5px] text-muted">
        {formatBytes(memory.bytes)} loaded, {formatBytes(disk.bytes)} on disk
      </span>
    </>
  );
}

/** What billing does not have of its meter logs, and how long the oldest of it has waited. */
function Unshipped({ of }: { of: Executor }) {
  const { unshipped, unshipped_bytes, oldest_ms, unreadable } = of.meter_log;
  const seconds = (oldest_ms ?? 0) / 1000;
  return (
    <>
      {compactCount(unshipped)}
      {unshipped > 0 && (
        <span className="block text-[12.5px] text-muted">
          {formatBytes(unshipped_bytes)}, {seconds.toFixed(1)} s old
        </span>
      )}
      {unreadable > 0 && <span className="block text-[12.5px] text-bad">{unreadable} unreadable logs</span>}
    </>
  );
}
