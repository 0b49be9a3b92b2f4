import { Link } from "react-router";
import { compactCount, formatCount, formatShare, share } from "../figures/count";
import { Panel } from "../ui/panel";
import { Table } from "../ui/table";
import type { FunctionUsage } from "./steps";

/** Which functions the usage comes from. */
export function FunctionTable({ rows }: { rows: FunctionUsage[] }) {
  if (rows.length === 0) return null;
  return (
    <Panel title="By function" flush>
      <Table<FunctionUsage>
        caption="Usage by function, the busiest first"
        rows={rows}
        rowKey={(row) => row.name}
        columns={[
          {
            head: "Function",
            cell: (row) => (
              <Link
                to={`/runs?function=${row.name}`}
                className="font-medium hover:text-accent hover:underline"
              >
                {row.name}
              </Link>
            ),
          },
          { head: "Runs", figures: true, narrow: true, cell: (row) => formatCount(row.totals.invocations) },
          { head: "Billed", figures: true, narrow: true, cell: (row) => formatCount(row.totals.billable) },
          {
            head: "Failed",
            figures: true,
            narrow: true,
            cell: (row) => formatShare(share(row.totals.errors, row.totals.invocations)),
          },
          {
            head: "Fuel",
            figures: true,
            narrow: true,
            cell: (row) => <span title={formatCount(row.totals.fuel)}>{compactCount(row.totals.fuel)}</span>,
          },
        ]}
      />
    </Panel>
  );
}
