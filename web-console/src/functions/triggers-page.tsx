import { FunctionSchedules } from "../schedules/function-schedules";
import { SubscriptionsPanel } from "../subscriptions/subscriptions-panel";
import { TextLink } from "../ui/links";
import { Notice } from "../ui/notice";
import { useThisFunction } from "./this-function";

/** What runs a function by itself: events, and the clock. */
export function TriggersPage() {
  const { name, live } = useThisFunction();
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      {!live && (
        <Notice tone="info" title="No version is live, so what comes is tried for a while, and then dies.">
          <TextLink to={`/functions/${name}`}>Promote a version</TextLink> first.
        </Notice>
      )}
      <SubscriptionsPanel name={name} />
      <FunctionSchedules name={name} />
    </div>
  );
}
