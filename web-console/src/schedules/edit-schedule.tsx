import { useState } from "react";
import { placesOf } from "../api/problem";
import { Button } from "../ui/button";
import { Dialog, DialogActions } from "../ui/dialog";
import { jsonFault } from "../ui/json-editor";
import { ProblemNotice } from "../ui/notice";
import { useSay } from "../ui/toast";
import { Preview } from "./preview";
import { type Schedule, useChangeSchedule, useCreateSchedule, usePreview } from "./queries";
import { ScheduleFields } from "./schedule-fields";
import { changesOf, newOf, type Wished, wishedOf } from "./wished";

/** Creates a schedule. */
export function CreateSchedule({
  of: name,
  open,
  onClose,
}: {
  /** The function, where it is given. */
  of?: string;
  open: boolean;
  onClose: () => void;
}) {
  const create = useCreateSchedule();
  const say = useSay();
  const close = () => {
    create.reset();
    onClose();
  };
  return (
    <Dialog title="Create a schedule" open={open} onClose={close}>
      <ScheduleForm
        initially={wishedOf(undefined, name)}
        withFunction={name === undefined}
        paused={false}
        saving={create}
        verb="Create"
        onClose={close}
        onSave={(wished) =>
          create.mutate(newOf(wished), {
            onSuccess: (made) => {
              say(`${made.function} is scheduled`);
              close();
            },
          })
        }
      />
    </Dialog>
  );
}

/** Changes a schedule. */
export function ChangeSchedule({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const change = useChangeSchedule(schedule.id);
  const initially = wishedOf(schedule);
  return (
    <Dialog title={`Change ${schedule.cron}`} open onClose={onClose}>
      <ScheduleForm
        initially={initially}
        withFunction
        paused={schedule.paused}
        saving={change}
        verb="Save"
        onClose={onClose}
        onSave={(wished) => change.mutate(changesOf(wished, initially), { onSuccess: onClose })}
      />
    </Dialog>
  );
}

function ScheduleForm({
  initially,
  withFunction,
  paused,
  saving,
  verb,
  onSave,
  onClose,
}: {
  initially: Wished;
  withFunction: boolean;
  /** It fires only once it is resumed. */
  paused: boolean;
  saving: { isPending: boolean; isError: boolean; error: unknown; reset: () => void };
  verb: string;
  onSave: (wished: Wished) => void;
  onClose: () => void;
}) {
  const [wished, setWished] = useState(initially);
  const preview = usePreview(wished);
  const refused = placesOf(preview.error);
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        onSave(wished);
      }}
    >
      <ScheduleFields
        wished={wished}
        withFunction={withFunction}
        places={{ ...refused, ...placesOf(saving.error) }}
        preview={<Preview of={preview} paused={paused} />}
        onChange={(next) => {
          setWished(next);
          // What was refused was another wish. One that is under way is not forgotten, or it could be sent twice.
          if (saving.isError) saving.reset();
        }}
      />
      {saving.isError && <ProblemNotice thrown={saving.error} />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          type="submit"
          look="primary"
          disabled={
            wished.function === "" || jsonFault(wished.input) !== null || Object.keys(refused).length > 0
          }
          busy={saving.isPending}
        >
          {verb}
        </Button>
      </DialogActions>
    </form>
  );
}
