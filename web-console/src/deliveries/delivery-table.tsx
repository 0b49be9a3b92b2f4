import { Link } from "react-router";
import { type Column, Table } from "../ui/table";
import { When } from "../ui/when";
import type { Delivery } from "./queries";
import { DeliveryStatus } from "./status";

const EVENT: Column<Delivery> = {
  head: "Event",
  cell: (row) => (
    <Link to={`/events/${row.event_id}`} className="break-words hover:text-accent hover:underline">
      {row.event_type ?? <span className="text-muted">no longer kept</span>}
    </Link>
  ),
};

/** Deliveries, newest first. */
export function DeliveryTable({ rows, ofOne }: { rows: Delivery[]; ofOne?: "event" }) {
  return (
    <Table<Delivery>
      stacked
      caption="Deliveries, newest first"
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          head: "Queued",
          narrow: true,
          cell: (row) => (
            <Link to={`/deliveries/${row.id}`} className="font-medium hover:text-accent hover:underline">
              <When at={row.created_at} />
            </Link>
          ),
        },
        { head: "Status", narrow: true, cell: (row) => <DeliveryStatus of={row} /> },
        ...(ofOne === "event" ? [] : [EVENT]),
        {
          head: "Function",
          cell: (row) => (
            <Link to={`/functions/${row.function}`} className="hover:text-accent hover:underline">
              {row.function}
            </Link>
          ),
        },
        { head: "Attempts", onPhone: "hidden", figures: true, narrow: true, cell: (row) => row.attempts },
        { head: "Ended", figures: true, narrow: true, cell: (row) => <Next of={row} /> },
      ]}
    />
  );
}

/** When it ended, or what it waits for. */
function Next({ of: row }: { of: Delivery }) {
  if (row.ended_at) return <When at={row.ended_at} />;
  if (row.next_attempt_at === null) return <span className="text-muted">waits</span>;
  return (
    <span className="text-muted">
      next <When at={row.next_attempt_at} />
    </span>
  );
}
