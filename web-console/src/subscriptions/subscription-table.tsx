import { useState } from "react";
import { Link } from "react-router";
import { Badge } from "../ui/badge";
import { Confirm } from "../ui/confirm";
import { Table } from "../ui/table";
import { useSay } from "../ui/toast";
import { ChangeSubscription } from "./edit-subscription";
import { type Subscription, useDeleteSubscription } from "./queries";
import { SubscriptionActions } from "./subscription-actions";

/** Subscriptions: which events, and whether their deliveries are held. */
export function SubscriptionTable({ rows }: { rows: Subscription[] }) {
  const [asked, setAsked] = useState<{ to: "change" | "delete"; of: Subscription } | null>(null);
  const close = () => setAsked(null);
  return (
    <>
      <Table<Subscription>
        stacked
        caption="Subscriptions"
        rows={rows}
        rowKey={(row) => row.id}
        columns={[
          { head: "Events", cell: (row) => <Events of={row} /> },
          { head: "Filter and transform", cell: (row) => <Expressions of={row} /> },
          { head: "State", cell: (row) => <State of={row} /> },
          {
            head: "Actions",
            onPhone: "whole",
            figures: true,
            narrow: true,
            cell: (row) => <SubscriptionActions subscription={row} ask={(to) => setAsked({ to, of: row })} />,
          },
        ]}
      />
      {asked?.to === "change" && <ChangeSubscription subscription={asked.of} onClose={close} />}
      {asked?.to === "delete" && <Deleting subscription={asked.of} onClose={close} />}
    </>
  );
}

function Events({ of: subscription }: { of: Subscription }) {
  return (
    <>
      <Link
        to={`/deliveries?${new URLSearchParams({ subscription: subscription.id })}`}
        title="Its deliveries"
        className="font-medium hover:text-accent hover:underline"
      >
        {subscription.event_type}
      </Link>
      <span className="block text-[13px] text-muted">
        {subscription.source ? `from ${subscription.source}` : "from anywhere"}
        {subscription.alias !== "live" && `, runs ${subscription.alias}`}
        {subscription.order_by && `, in order by ${subscription.order_by}`}
      </span>
    </>
  );
}

function Expressions({ of: { filter, transform } }: { of: Subscription }) {
  if (!filter && !transform) return <span className="text-muted">all of them, as they are</span>;
  return (
    <div className="grid max-w-[24rem] gap-1">
      {filter && (
        <code className="line-clamp-3 font-mono text-[13px] break-words whitespace-pre-wrap" title={filter}>
          {filter}
        </code>
      )}
      {transform && (
        <code
          className="line-clamp-3 font-mono text-[13px] break-words whitespace-pre-wrap text-muted"
          title={transform}
        >
          → {transform}
        </code>
      )}
    </div>
  );
}

function State({ of: subscription }: { of: Subscription }) {
  if (!subscription.paused) return <Badge tone="good">on</Badge>;
  return (
    <>
      <Badge tone="warn">paused</Badge>
      <span className="mt-0.5 block min-w-[10rem] text-[13px] text-muted">
        {subscription.paused_because ?? "by hand"}; its deliveries are held
      </span>
    </>
  );
}

function Deleting({ subscription, onClose }: { subscription: Subscription; onClose: () => void }) {
  const remove = useDeleteSubscription(subscription.id);
  const say = useSay();
  return (
    <Confirm
      open
      onClose={onClose}
      title={`Delete the subscription to ${subscription.event_type}?`}
      action="Delete"
      keep="Keep it"
      doing={{
        ...remove,
        mutate: () =>
          remove.mutate(undefined, {
            onSuccess: () => {
              say(`${subscription.function} no longer runs for ${subscription.event_type}`);
              onClose();
            },
          }),
      }}
    >
      <p>Deliveries of it that wait are cancelled. To hold them instead, pause it.</p>
    </Confirm>
  );
}
