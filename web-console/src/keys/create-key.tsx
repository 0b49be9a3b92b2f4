import { useState } from "react";
import { Button } from "../ui/button";
import { Dialog, DialogActions } from "../ui/dialog";
import { CheckField, SelectField, TextField } from "../ui/field";
import { ProblemNotice } from "../ui/notice";
import { NewKey } from "./new-key";
import { useCreateKey } from "./queries";
import { SCOPES, type Scope } from "./scopes";

const DAY_MS = 86_400_000;
const LIVES = [
  { days: 0, label: "Never" },
  { days: 30, label: "In 30 days" },
  { days: 90, label: "In 90 days" },
  { days: 365, label: "In a year" },
];

/** Asks what a key is for, creates it, and shows its secret this one time. */
export function CreateKey({ open, onClose }: { open: boolean; onClose: () => void }) {
  const create = useCreateKey();
  const close = () => {
    create.reset();
    onClose();
  };
  return (
    <Dialog title={create.data ? `Key ${create.data.name}` : "Create a key"} open={open} onClose={close}>
      {create.data ? (
        <NewKey created={create.data} onDone={close} />
      ) : (
        <Wishes create={create} onClose={close} />
      )}
    </Dialog>
  );
}

function Wishes({ create, onClose }: { create: ReturnType<typeof useCreateKey>; onClose: () => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<Scope[]>(["invoke"]);
  const [days, setDays] = useState(0);
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        const expires_at = days === 0 ? null : new Date(Date.now() + days * DAY_MS).toISOString();
        create.mutate({ name: name.trim(), scopes, expires_at });
      }}
    >
      <TextField
        label="Name"
        hint="Who will use it, such as “shop backend”."
        value={name}
        onChange={(event) => setName(event.target.value)}
        maxLength={200}
        required
      />
      <fieldset className="grid gap-2.5">
        <legend className="mb-2 font-medium">It may</legend>
        {(Object.keys(SCOPES) as Scope[]).map((scope) => (
          <CheckField
            key={scope}
            label={SCOPES[scope].label}
            hint={SCOPES[scope].note}
            checked={scopes.includes(scope)}
            onChange={(event) =>
              setScopes((before) =>
                event.target.checked ? [...before, scope] : before.filter((one) => one !== scope),
              )
            }
          />
        ))}
      </fieldset>
      <SelectField label="Expires" value={days} onChange={(event) => setDays(Number(event.target.value))}>
        {LIVES.map((life) => (
          <option key={life.days} value={life.days}>
            {life.label}
          </option>
        ))}
      </SelectField>
      {create.isError && <ProblemNotice thrown={create.error} />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          type="submit"
          look="primary"
          disabled={scopes.length === 0 || name.trim() === ""}
          busy={create.isPending}
        >
          {create.isPending ? "Creating…" : "Create"}
        </Button>
      </DialogActions>
    </form>
  );
}
