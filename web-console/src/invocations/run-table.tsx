import { Link } from "react-router";
import { compactCount, formatCount } from "../figures/count";
import { formatCost } from "../figures/money";
import { formatMicros } from "../figures/time";
import { type Column, Table } from "../ui/table";
import { When } from "../ui/when";
import { OutcomeBadge } from "./outcome";
import type { Invocation } from "./queries";

const FUNCTION: Column<Invocation> = {
  head: "Function",
  cell: (row) => (
    <Link to={`/functions/${row.function}`} className="hover:text-accent hover:underline">
      {row.function}
    </Link>
  ),
};

/** Runs, newest first. */
export function RunTable({ rows, ofOne }: { rows: Invocation[]; ofOne: boolean }) {
  return (
    <Table<Invocation>
      stacked
      caption="Runs, newest first"
      rows={rows}
      rowKey={(row) => row.invocation_id}
      columns={[
        {
          head: "When",
          narrow: true,
          cell: (row) => (
            <Link to={`/runs/${row.invocation_id}`} className="font-medium hover:text-accent hover:underline">
              <When at={row.started_at} />
            </Link>
          ),
        },
        { head: "Outcome", narrow: true, cell: (row) => <OutcomeBadge outcome={row.outcome} /> },
        ...(ofOne ? [] : [FUNCTION]),
        { head: "Version", narrow: true, cell: (row) => `v${row.version}` },
        { head: "Trigger", cell: (row) => <span className="text-muted">{row.trigger}</span> },
        {
          head: "Fuel",
          figures: true,
          narrow: true,
          cell: (row) => <span title={formatCount(row.fuel)}>{compactCount(row.fuel)}</span>,
        },
        { head: "Time", figures: true, narrow: true, cell: (row) => formatMicros(row.duration_us) },
        {
          head: "Cost",
          figures: true,
          narrow: true,
          cell: (row) => (row.billed ? formatCost(row.cost) : <span className="text-muted">not billed</span>),
        },
      ]}
    />
  );
}
