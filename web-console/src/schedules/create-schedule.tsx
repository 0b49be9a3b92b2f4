import { useId, useState } from "react";
import { placesOf } from "../api/problem";
import { FunctionField } from "../functions/function-field";
import { Button } from "../ui/button";
import { Dialog, DialogActions } from "../ui/dialog";
import { SelectField, TextField } from "../ui/field";
import { JsonEditor, jsonFault } from "../ui/json-editor";
import { ProblemNotice } from "../ui/notice";
import { NextRuns } from "./next-runs";
import { type NewSchedule, useCreateSchedule } from "./queries";
import { MISSED, RULES } from "./rules";
import { READERS_ZONE, ZONES } from "./zones";

/** Asks when, creates the schedule, and shows the next five times as the API reckons them. */
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
  const made = create.data;
  const close = () => {
    create.reset();
    onClose();
  };
  return (
    <Dialog title={made ? `${made.function} is scheduled` : "Create a schedule"} open={open} onClose={close}>
      {made ? (
        <>
          <p>
            The next five times, by the clock of <b>{made.timezone}</b>:
          </p>
          <NextRuns of={made} />
          <DialogActions>
            <Button look="primary" onClick={close}>
              Good
            </Button>
          </DialogActions>
        </>
      ) : (
        <Wishes name={name} create={create} onClose={close} />
      )}
    </Dialog>
  );
}

function Wishes({
  name,
  create,
  onClose,
}: {
  name: string | undefined;
  create: ReturnType<typeof useCreateSchedule>;
  onClose: () => void;
}) {
  const [wished, setState] = useState({ function: name ?? "", cron: "30 2 * * *", timezone: READERS_ZONE });
  const setWished = (next: typeof wished) => {
    setState(next);
    // What was refused was another wish.
    create.reset();
  };
  const [missed, setMissed] = useState<NonNullable<NewSchedule["missed"]>>("once");
  const [input, setInput] = useState("{}");
  const places = placesOf(create.error);
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!jsonFault(input)) create.mutate({ ...wished, missed, input: JSON.parse(input) });
      }}
    >
      {name === undefined && (
        <FunctionField
          none="Pick one"
          required
          value={wished.function}
          onChange={(event) => setWished({ ...wished, function: event.target.value })}
        />
      )}
      <TextField
        label="Rule"
        className="font-mono"
        hint="Minute, hour, day of month, month, day of week."
        error={places["/cron"]}
        value={wished.cron}
        onChange={(event) => setWished({ ...wished, cron: event.target.value })}
        spellCheck={false}
        required
      />
      <div className="-mt-1.5 flex flex-wrap gap-1.5">
        {RULES.map(({ cron, label }) => (
          <Button key={cron} size="small" onClick={() => setWished({ ...wished, cron })}>
            {label}
          </Button>
        ))}
      </div>
      <ZoneField
        value={wished.timezone}
        error={places["/timezone"]}
        onChange={(timezone) => setWished({ ...wished, timezone })}
      />
      <JsonEditor label="Input" rows={4} text={input} onChange={setInput} />
      <SelectField
        label="Firings that were missed"
        hint="While every worker was down."
        value={missed}
        onChange={(event) => setMissed(event.target.value as typeof missed)}
      >
        {Object.entries(MISSED).map(([code, words]) => (
          <option key={code} value={code}>
            {words}
          </option>
        ))}
      </SelectField>
      {create.isError && <ProblemNotice thrown={create.error} />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          type="submit"
          look="primary"
          disabled={wished.function === "" || jsonFault(input) !== null}
          busy={create.isPending}
        >
          {create.isPending ? "Creating…" : "Create"}
        </Button>
      </DialogActions>
    </form>
  );
}

function ZoneField({
  value,
  error,
  onChange,
}: {
  value: string;
  error: string | undefined;
  onChange: (zone: string) => void;
}) {
  const list = useId();
  return (
    <>
      <TextField
        label="By the clock of"
        hint="A zone of the IANA database, such as Europe/Berlin."
        error={error}
        list={list}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        spellCheck={false}
        required
      />
      <datalist id={list}>
        {ZONES.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}
