import { Link, useParams } from "react-router";
import { sentence } from "../api/problem";
import { exactTime } from "../figures/time";
import { useMessage } from "../messages/queries";
import { MessageStatus } from "../messages/status";
import { Copyable } from "../ui/copyable";
import { Facts } from "../ui/facts";
import { Crumb } from "../ui/links";
import { Notice, ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { When } from "../ui/when";
import { Attempts } from "./attempts";
import { DeliveryActions } from "./delivery-actions";
import { type DeliveryDetail, useDelivery } from "./queries";
import { DeliveryStatus } from "./status";

/** One delivery: where it is, what it waits for, and every attempt. */
export function DeliveryPage() {
  const { id = "" } = useParams();
  const delivery = useDelivery(id);
  return (
    <>
      <Crumb to="/deliveries">Deliveries</Crumb>
      {delivery.isError && <ProblemNotice thrown={delivery.error} retry={() => delivery.refetch()} />}
      {delivery.isPending && <Skeleton lines={8} />}
      {delivery.isSuccess && <Shown key={delivery.data.id} delivery={delivery.data} />}
    </>
  );
}

function Shown({ delivery }: { delivery: DeliveryDetail }) {
  const type = delivery.event_type ?? "an event";
  return (
    <>
      <title>{`${type} to ${delivery.function} · Cartwright`}</title>
      <div className="mt-0.5 mb-6 flex flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="text-[22px] break-words">
          {type} to{" "}
          <Link to={`/functions/${delivery.function}`} className="hover:text-accent hover:underline">
            {delivery.function}
          </Link>
        </h1>
        <DeliveryStatus of={delivery} />
        <span className="text-muted">
          queued <When at={delivery.created_at} />
        </span>
        <div className="ml-auto">
          <DeliveryActions delivery={delivery} />
        </div>
      </div>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
        {delivery.last_error && delivery.status !== "succeeded" && (
          <Notice tone={delivery.status === "dead" ? "bad" : "info"} title={sentence(delivery.last_error)}>
            {delivery.next_attempt_at && (
              <>
                The next attempt comes <When at={delivery.next_attempt_at} />.
              </>
            )}
          </Notice>
        )}
        {delivery.held && (
          <Notice tone="info" title="It is held">
            It waits for its subscription to be resumed, or for an earlier delivery of the same order key.
          </Notice>
        )}
        <Attempts delivery={delivery} />
        <Panel title="About it">
          <div className="grid gap-x-10 gap-y-1.5 lg:grid-cols-2">
            <Facts
              facts={[
                ["Event", <EventOf key="event" of={delivery} />],
                ["Made by", <MadeBy key="made" of={delivery} />],
                ["Queued", exactTime(delivery.created_at)],
                delivery.ended_at || !delivery.expires_at
                  ? ["Ended", delivery.ended_at ? exactTime(delivery.ended_at) : "not yet"]
                  : ["Expires", exactTime(delivery.expires_at)],
              ]}
            />
            <Facts
              facts={[
                ["Delivery", <Copyable key="id" text={delivery.id} what="delivery id" />],
                ["Lane", delivery.lane],
                ["Order key", delivery.order_key ?? "none"],
                ["Sent", delivery.message_id ? <Sent key="sent" message={delivery.message_id} /> : "nothing"],
              ]}
            />
          </div>
        </Panel>
      </div>
    </>
  );
}

/** The signed message with the output, and how that stands. */
function Sent({ message: id }: { message: string }) {
  const { data: message } = useMessage(id);
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      <Link to={`/messages/${id}`} className="hover:text-accent hover:underline">
        its output, as a message
      </Link>
      {message && <MessageStatus of={message} />}
    </span>
  );
}

function EventOf({ of: delivery }: { of: DeliveryDetail }) {
  if (!delivery.event_type) return "no longer kept";
  return (
    <Link to={`/events/${delivery.event_id}`} className="hover:text-accent hover:underline">
      {delivery.event_type}
    </Link>
  );
}

function MadeBy({ of: delivery }: { of: DeliveryDetail }) {
  if (delivery.replay_of) {
    return (
      <Link to={`/deliveries/${delivery.replay_of}`} className="hover:text-accent hover:underline">
        a replay of …{delivery.replay_of.slice(-12)}
      </Link>
    );
  }
  return (
    <Link to={`/functions/${delivery.function}/triggers`} className="hover:text-accent hover:underline">
      {delivery.subscription_id ? "a subscription" : "a schedule"} of {delivery.function}
    </Link>
  );
}
