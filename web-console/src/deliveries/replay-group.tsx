import { useState } from "react";
import { formatCount } from "../figures/count";
import { Button } from "../ui/button";
import { Dialog, DialogActions } from "../ui/dialog";
import { TextField } from "../ui/field";
import { ProblemNotice } from "../ui/notice";
import { useSay } from "../ui/toast";
import { type FailureGroup, useReplayable, useReplayGroup } from "./queries";
import { causeInWords } from "./status";

/** Replays a group of failed deliveries, after saying how many they are. */
export function ReplayGroup({ group }: { group: FailureGroup }) {
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState("");
  const replayable = useReplayable(group, isOpen);
  const replay = useReplayGroup(group);
  const say = useSay();
  const open = () => {
    setName(`${group.function}, ${causeInWords(group.cause)}, ${new Date().toISOString().slice(0, 19)}`);
    setOpen(true);
  };
  const close = () => {
    replay.reset();
    setOpen(false);
  };
  const start = () =>
    replay.mutate(name, {
      onSuccess: () => {
        say("They are delivered again");
        close();
      },
    });
  return (
    <>
      <Button
        size="small"
        look="quiet"
        onClick={open}
        aria-label={`Replay them: ${group.function}, ${causeInWords(group.cause)}`}
      >
        Replay them…
      </Button>
      <Dialog title={`Replay what died of ${group.function}?`} open={isOpen} onClose={close}>
        {replayable.isError && <ProblemNotice thrown={replayable.error} />}
        {replayable.isSuccess && (
          <p>
            {replayable.data === 1 ? "1 delivery" : `${formatCount(replayable.data)} deliveries`} that ended
            with “{causeInWords(group.cause)}” and had no replay yet. Each event is delivered once more, to
            the function as it is now, and billed like any delivery.
          </p>
        )}
        <TextField label="Name of the batch" value={name} onChange={(event) => setName(event.target.value)} />
        {replay.isError && <ProblemNotice thrown={replay.error} />}
        <DialogActions>
          <Button onClick={close}>Leave them</Button>
          <Button
            look="primary"
            busy={replay.isPending}
            disabled={!replayable.isSuccess || replayable.data === 0}
            onClick={start}
          >
            Replay
          </Button>
        </DialogActions>
      </Dialog>
    </>
  );
}
