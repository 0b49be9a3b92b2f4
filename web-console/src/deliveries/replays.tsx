import { Link } from "react-router";
import { problemOf, sentence } from "../api/problem";
import { formatCount } from "../figures/count";
import { Badge, type Tone } from "../ui/badge";
import { Button } from "../ui/button";
import { Panel } from "../ui/panel";
import { Table } from "../ui/table";
import { useSay } from "../ui/toast";
import { When } from "../ui/when";
import { type DeliveryReplay, useCancelReplay, useReplays } from "./queries";

const STATUSES: Record<DeliveryReplay["status"], Tone> = {
  queued: "plain",
  running: "accent",
  finished: "good",
  cancelled: "warn",
  failed: "bad",
};

/** Batches of replays, newest first, and what became of what they made. Nothing where there was none. */
export function Replays() {
  const replays = useReplays();
  const cancel = useCancelReplay();
  const say = useSay();
  if (!replays.data?.length) return null;
  return (
    <Panel flush title="Replays">
      <Table<DeliveryReplay>
        stacked
        caption="Replays of deliveries"
        rows={replays.data}
        rowKey={(row) => row.id}
        columns={[
          {
            head: "Name",
            cell: (row) => (
              <Link
                to={`/deliveries?${new URLSearchParams({ replay: row.id })}`}
                title="The deliveries that it made"
                className="font-medium break-words hover:text-accent hover:underline"
              >
                {row.name}
              </Link>
            ),
          },
          {
            head: "Status",
            narrow: true,
            cell: (row) => <Badge tone={STATUSES[row.status]}>{row.status}</Badge>,
          },
          {
            head: "Made",
            figures: true,
            narrow: true,
            cell: (row) => `${formatCount(row.made)} of ${formatCount(row.total)}`,
          },
          { head: "Succeeded", figures: true, narrow: true, cell: (row) => formatCount(row.succeeded) },
          { head: "Dead", figures: true, narrow: true, cell: (row) => formatCount(row.dead) },
          { head: "Pending", figures: true, narrow: true, cell: (row) => formatCount(row.pending) },
          { head: "Created", figures: true, narrow: true, cell: (row) => <When at={row.created_at} /> },
          {
            head: "Actions",
            onPhone: "whole",
            figures: true,
            narrow: true,
            cell: (row) =>
              row.ended_at === null && (
                <Button
                  size="small"
                  look="quiet"
                  aria-label={`Cancel ${row.name}`}
                  onClick={() =>
                    cancel.mutate(row.id, { onError: (thrown) => say(sentence(problemOf(thrown).detail)) })
                  }
                >
                  Cancel
                </Button>
              ),
          },
        ]}
      />
    </Panel>
  );
}
