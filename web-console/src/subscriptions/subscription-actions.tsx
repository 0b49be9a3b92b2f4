import { problemOf, sentence } from "../api/problem";
import { Button } from "../ui/button";
import { useSay } from "../ui/toast";
import { type Subscription, useChangeSubscription } from "./queries";

/** Pause or resume, change, delete. */
export function SubscriptionActions({
  subscription,
  ask,
}: {
  subscription: Subscription;
  ask: (to: "change" | "delete") => void;
}) {
  const change = useChangeSubscription(subscription.id);
  const say = useSay();
  const { paused, event_type } = subscription;
  const verb = paused ? "Resume" : "Pause";
  return (
    <span className="inline-flex justify-end gap-1 max-sm:flex-wrap max-sm:justify-start">
      <Button
        size="small"
        look={paused ? "primary" : "quiet"}
        busy={change.isPending}
        aria-label={`${verb} ${event_type}`}
        onClick={() =>
          change.mutate({ paused: !paused }, { onError: (thrown) => say(sentence(problemOf(thrown).detail)) })
        }
      >
        {verb}
      </Button>
      <Button size="small" look="quiet" aria-label={`Change ${event_type}`} onClick={() => ask("change")}>
        Change…
      </Button>
      <Button size="small" look="quiet" aria-label={`Delete ${event_type}`} onClick={() => ask("delete")}>
        Delete…
      </Button>
    </span>
  );
}
