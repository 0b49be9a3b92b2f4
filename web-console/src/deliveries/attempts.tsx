import { Link } from "react-router";
import { formatMicros } from "../figures/time";
import { Badge } from "../ui/badge";
import { Empty } from "../ui/empty";
import { Panel } from "../ui/panel";
import { Table } from "../ui/table";
import { When } from "../ui/when";
import type { Attempt, DeliveryDetail } from "./queries";
import { type Span, spansOf } from "./spans";
import { causeInWords } from "./status";

/** Every attempt that is over: how long it waited, how long it took, how it ended, and its run. */
export function Attempts({ delivery }: { delivery: DeliveryDetail }) {
  const spans = spansOf(delivery);
  return (
    <Panel flush title="Attempts">
      {spans.length === 0 ? (
        <Empty title={delivery.status === "running" ? "The first is under way" : "None yet"}>
          {delivery.ended_at ? "It ended before the function ran." : "This page follows what happens."}
        </Empty>
      ) : (
        <Table<Span>
          stacked
          caption="Attempts, the first first"
          rows={spans}
          rowKey={(row) => `${row.place}`}
          columns={[
            { head: "No.", onPhone: "hidden", narrow: true, cell: ({ attempt }) => attempt.attempt },
            { head: "Began", narrow: true, cell: ({ attempt }) => <Began of={attempt} /> },
            {
              head: "Waited",
              figures: true,
              narrow: true,
              cell: (row) => inWords(row.waited_ms),
            },
            { head: "Took", figures: true, narrow: true, cell: (row) => inWords(row.took_ms) },
            { head: "Outcome", narrow: true, cell: ({ attempt }) => <Outcome of={attempt} /> },
            {
              head: "What went wrong",
              cell: ({ attempt }) =>
                attempt.error ?? (
                  <span className="text-muted">{attempt.outcome === "ok" ? "nothing" : "–"}</span>
                ),
            },
            { head: "Run", narrow: true, cell: ({ attempt }) => <Run of={attempt} /> },
          ]}
        />
      )}
    </Panel>
  );
}

function Began({ of: attempt }: { of: Attempt }) {
  return attempt.started_at ? <When at={attempt.started_at} /> : "–";
}

function Outcome({ of: attempt }: { of: Attempt }) {
  return <Badge tone={attempt.outcome === "ok" ? "good" : "bad"}>{causeInWords(attempt.outcome)}</Badge>;
}

function Run({ of: attempt }: { of: Attempt }) {
  if (!attempt.invocation_id) return <span className="text-muted">none</span>;
  return (
    <Link
      to={`/runs/${attempt.invocation_id}`}
      className="figures font-medium hover:text-accent hover:underline"
    >
      …{attempt.invocation_id.slice(-12)}
    </Link>
  );
}

function inWords(span_ms: number | null): string {
  return span_ms === null ? "–" : formatMicros(span_ms * 1000);
}
