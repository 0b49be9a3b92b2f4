import { Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "../ui/button";
import { Empty } from "../ui/empty";
import { TextLink } from "../ui/links";
import { Paged } from "../ui/paged";
import { CreateSubscription } from "./edit-subscription";
import { useSubscriptions } from "./queries";
import { SubscriptionTable } from "./subscription-table";

/** The events that run a function. */
export function SubscriptionsPanel({ name }: { name: string }) {
  const subscriptions = useSubscriptions(name);
  const [creating, setCreating] = useState(false);
  return (
    <>
      <Paged
        title="Subscriptions"
        note="The events that run this function."
        actions={
          <Button look="primary" onClick={() => setCreating(true)}>
            <Plus className="size-4" aria-hidden />
            Subscribe
          </Button>
        }
        list={subscriptions}
        empty={
          <Empty title="No event runs it">
            Subscribe it to a type of event, such as orders/paid, and it runs for each.{" "}
            <TextLink to="/events">Events</TextLink> shows what comes in.
          </Empty>
        }
      >
        {(rows) => <SubscriptionTable rows={rows} />}
      </Paged>
      <CreateSubscription of={name} open={creating} onClose={() => setCreating(false)} />
    </>
  );
}
