import { useState } from "react";
import { placesOf } from "../api/problem";
import { Button } from "../ui/button";
import { Dialog, DialogActions } from "../ui/dialog";
import { ProblemNotice } from "../ui/notice";
import { useSay } from "../ui/toast";
import { type Subscription, useChangeSubscription, useCreateSubscription } from "./queries";
import { SubscriptionFields } from "./subscription-fields";
import { changesOf, wishedOf } from "./wished";

/** Creates a subscription of a function. */
export function CreateSubscription({
  of: name,
  open,
  onClose,
}: {
  of: string;
  open: boolean;
  onClose: () => void;
}) {
  const create = useCreateSubscription();
  const say = useSay();
  const close = () => {
    create.reset();
    onClose();
  };
  return (
    <Dialog title={`Subscribe ${name} to events`} open={open} onClose={close}>
      <SubscriptionForm
        before={undefined}
        saving={create}
        onClose={close}
        onSave={({ event_type, ...rest }) =>
          create.mutate(
            { function: name, event_type: event_type ?? "", ...rest } as Parameters<typeof create.mutate>[0],
            {
              onSuccess: (made) => {
                say(`${name} runs for ${made.event_type}`);
                close();
              },
            },
          )
        }
      />
    </Dialog>
  );
}

/** Changes a subscription. */
export function ChangeSubscription({
  subscription,
  onClose,
}: {
  subscription: Subscription;
  onClose: () => void;
}) {
  const change = useChangeSubscription(subscription.id);
  return (
    <Dialog title={`Change ${subscription.event_type}`} open onClose={onClose}>
      <SubscriptionForm
        before={subscription}
        saving={change}
        onClose={onClose}
        onSave={(changes) => change.mutate(changes, { onSuccess: onClose })}
      />
    </Dialog>
  );
}

function SubscriptionForm({
  before,
  saving,
  onSave,
  onClose,
}: {
  before: Subscription | undefined;
  saving: { isPending: boolean; isError: boolean; error: unknown; reset: () => void };
  onSave: (changes: ReturnType<typeof changesOf>) => void;
  onClose: () => void;
}) {
  const [wished, setWished] = useState(wishedOf(before));
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        onSave(changesOf(wished, before));
      }}
    >
      <SubscriptionFields
        wished={wished}
        onChange={(next) => {
          setWished(next);
          // What was refused was another wish. One that is under way is not forgotten, or it could be sent twice.
          if (saving.isError) saving.reset();
        }}
        places={placesOf(saving.error)}
      />
      {saving.isError && <ProblemNotice thrown={saving.error} />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={saving.isPending}>
          {before ? "Save" : "Subscribe"}
        </Button>
      </DialogActions>
    </form>
  );
}
