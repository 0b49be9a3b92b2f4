import { Link, useParams } from "react-router";
import { DeliveryTable } from "../deliveries/delivery-table";
import { useDeliveries } from "../deliveries/queries";
import { formatBytes } from "../figures/bytes";
import { exactTime } from "../figures/time";
import { Code } from "../ui/code";
import { Copyable } from "../ui/copyable";
import { Empty } from "../ui/empty";
import { Facts } from "../ui/facts";
import { Crumb, TextLink } from "../ui/links";
import { ProblemNotice } from "../ui/notice";
import { Paged } from "../ui/paged";
import { PageHead, Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { When } from "../ui/when";
import { Origin } from "./origin";
import { type EventDetail, useEvent } from "./queries";
import { SendAgain } from "./send-again";

/** One event: what was sent, and what became of it. */
export function EventPage() {
  const { id = "" } = useParams();
  const event = useEvent(id);
  return (
    <>
      <Crumb to="/events">Events</Crumb>
      {event.isError && <ProblemNotice thrown={event.error} retry={() => event.refetch()} />}
      {event.isPending && <Skeleton lines={8} />}
      {event.isSuccess && <Shown key={event.data.id} event={event.data} />}
    </>
  );
}

function Shown({ event }: { event: EventDetail }) {
  return (
    <>
      <PageHead
        title={event.type}
        note={
          <>
            from <Origin of={event} />, received <When at={event.received_at} />
          </>
        }
        actions={<SendAgain event={event} />}
      />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
        <Deliveries of={event} />
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          <Panel title="Data" note={formatBytes(event.data_bytes)}>
            <Code text={JSON.stringify(event.data, null, 2)} label="data" tall />
          </Panel>
          <Panel title="Where it came from">
            <Facts
              facts={[
                ["Sender's id", <Copyable key="sender" text={event.external_id} what="sender's id" />],
                ["Our id", <Copyable key="id" text={event.id} what="event id" />],
                ["Happened", exactTime(event.occurred_at)],
                ["Received", exactTime(event.received_at)],
                ["Caused by", event.parent ? <Chain of={event} key="parent" /> : "no other event"],
                ["Request", <Copyable key="request" text={event.request_id} what="request id" />],
              ]}
            />
          </Panel>
        </div>
      </div>
    </>
  );
}

function Chain({ of: event }: { of: EventDetail }) {
  return (
    <>
      <Link to={`/events/${event.parent}`} className="figures hover:text-accent hover:underline">
        …{event.parent?.slice(-12)}
      </Link>
      {event.hops > 1 && (
        <span className="text-muted">
          , {event.hops} hops from{" "}
          <Link to={`/events/${event.root}`} className="hover:text-ink hover:underline">
            the first
          </Link>
        </span>
      )}
    </>
  );
}

function Deliveries({ of: event }: { of: EventDetail }) {
  const deliveries = useDeliveries(new URLSearchParams({ event: event.id }));
  return (
    <Paged
      title="Deliveries"
      note="One for each subscription that it met when it came, and one for each replay."
      list={deliveries}
      empty={
        <Empty title="It met no subscription">
          No function runs for it. Open a <TextLink to="/functions">function</TextLink> and subscribe it under
          Triggers; then send this event again.
        </Empty>
      }
    >
      {(rows) => <DeliveryTable rows={rows} ofOne="event" />}
    </Paged>
  );
}
