import { Link } from "react-router";
import { compactCount, formatShare, share } from "../figures/count";
import { Badge } from "../ui/badge";
import { Table } from "../ui/table";
import { When } from "../ui/when";
import type { TenantFunction } from "./queries";
import { Sparkline } from "./sparkline";
import { useWeek, type Week } from "./week";

/** Functions by name, with what ran in the last seven days. */
export function FunctionTable({ rows }: { rows: TenantFunction[] }) {
  const week = useWeek();
  return (
    <Table<TenantFunction>
      caption="Functions"
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          head: "Function",
          cell: (row) => (
            <Link to={`/functions/${row.name}`} className="font-medium hover:text-accent hover:underline">
              {row.name}
            </Link>
          ),
        },
        {
          head: "Live",
          narrow: true,
          cell: (row) => (row.live ? <Badge tone="good">v{row.live}</Badge> : <Badge>not live</Badge>),
        },
        { head: "Target", cell: (row) => row.target ?? <span className="text-muted">none</span> },
        { head: "Runs, 7 days", figures: true, narrow: true, cell: (row) => <Runs of={week.of(row.name)} /> },
        { head: "Failed", figures: true, narrow: true, cell: (row) => <Failed of={week.of(row.name)} /> },
        { head: "Created", figures: true, narrow: true, cell: (row) => <When at={row.created_at} /> },
      ]}
    />
  );
}

function Runs({ of: week }: { of: Week }) {
  return (
    <span className="flex items-center justify-end gap-2">
      <Sparkline values={week.perDay} />
      <span className="min-w-14">{compactCount(week.invocations)}</span>
    </span>
  );
}

function Failed({ of: { errors, invocations } }: { of: Week }) {
  if (invocations === 0) return <span className="text-muted">no runs</span>;
  return (
    <span className={errors > 0 ? "text-bad" : "text-muted"}>{formatShare(share(errors, invocations))}</span>
  );
}
