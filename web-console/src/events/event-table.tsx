import { Link } from "react-router";
import { formatBytes } from "../figures/bytes";
import { formatCount } from "../figures/count";
import { Table } from "../ui/table";
import { When } from "../ui/when";
import { Origin } from "./origin";
import type { Event } from "./queries";

/** Events, newest first. */
export function EventTable({ rows }: { rows: Event[] }) {
  return (
    <Table<Event>
      stacked
      caption="Events, newest first"
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          head: "Type",
          cell: (row) => (
            <Link
              to={`/events/${row.id}`}
              className="font-medium break-words hover:text-accent hover:underline"
            >
              {row.type}
            </Link>
          ),
        },
        { head: "From", cell: (row) => <Origin of={row} /> },
        {
          head: "Sender's id",
          onPhone: "hidden",
          cell: (row) => (
            <code className="block max-w-[16rem] truncate font-mono text-[13px]" title={row.external_id}>
              {row.external_id}
            </code>
          ),
        },
        {
          head: "Size",
          onPhone: "hidden",
          figures: true,
          narrow: true,
          cell: (row) => formatBytes(row.data_bytes),
        },
        {
          head: "Deliveries",
          figures: true,
          narrow: true,
          cell: (row) =>
            row.deliveries > 0 ? formatCount(row.deliveries) : <span className="text-muted">none</span>,
        },
        { head: "Received", figures: true, narrow: true, cell: (row) => <When at={row.received_at} /> },
      ]}
    />
  );
}
