import { RotateCcw } from "lucide-react";
import { useNavigate } from "react-router";
import { problemOf, sentence } from "../api/problem";
import { Button } from "../ui/button";
import { useSay } from "../ui/toast";
import { type DeliveryDetail, useCancelDelivery, useReplayDelivery } from "./queries";

/** Cancel what has not ended, and replay what has. */
export function DeliveryActions({ delivery }: { delivery: DeliveryDetail }) {
  const cancel = useCancelDelivery(delivery.id);
  const replay = useReplayDelivery(delivery.id);
  const navigate = useNavigate();
  const say = useSay();
  const refused = (thrown: unknown) => say(sentence(problemOf(thrown).detail));
  if (delivery.ended_at === null) {
    return (
      <Button
        busy={cancel.isPending}
        onClick={() =>
          cancel.mutate(undefined, { onSuccess: () => say("The delivery is cancelled"), onError: refused })
        }
      >
        Cancel the delivery
      </Button>
    );
  }
  return (
    <Button
      look={delivery.status === "succeeded" ? "plain" : "primary"}
      busy={replay.isPending}
      onClick={() =>
        replay.mutate(undefined, {
          onSuccess: ({ id }) => {
            say("It is delivered again");
            navigate(`/deliveries/${id}`);
          },
          onError: refused,
        })
      }
    >
      <RotateCcw className="size-4" aria-hidden />
      Replay
    </Button>
  );
}
