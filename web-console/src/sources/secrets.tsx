import { useState } from "react";
import { Button } from "../ui/button";
import { Confirm } from "../ui/confirm";
import { Dialog, DialogActions } from "../ui/dialog";
import { SelectField, TextField } from "../ui/field";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { SecretOnce } from "../ui/secret-once";
import { Table } from "../ui/table";
import { When } from "../ui/when";
import { type Source, type SourceSecret, useAddSecret, useRemoveSecret } from "./queries";

const HOUR_MS = 3_600_000;
const OTHERS = [
  { hours: 24, label: "In a day" },
  { hours: 168, label: "In a week" },
  { hours: 0, label: "When I remove them" },
];

/** The secrets of a source, and how they are rotated: add one, change the sender's, let the others go. */
export function Secrets({ source }: { source: Source }) {
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<SourceSecret | null>(null);
  const remove = useRemoveSecret(source.id);
  return (
    <Panel
      flush
      title="Secrets"
      note="A webhook is taken in when it fits any of them. Nobody can show them again."
      actions={<Button onClick={() => setAdding(true)}>Add a secret…</Button>}
    >
      <Table<SourceSecret>
        caption="Secrets"
        rows={source.secrets}
        rowKey={(row) => row.id}
        columns={[
          {
            head: "Secret",
            cell: (row) => <code className="font-mono text-[13px]">…{row.id.slice(-12)}</code>,
          },
          { head: "Added", narrow: true, cell: (row) => <When at={row.created_at} /> },
          {
            head: "Good until",
            narrow: true,
            cell: (row) => (row.expires_at ? <When at={row.expires_at} /> : "it is removed"),
          },
          {
            head: "Actions",
            figures: true,
            narrow: true,
            cell: (row) => (
              <Button
                size="small"
                look="quiet"
                aria-label={`Remove secret ${row.id.slice(-12)}`}
                onClick={() => setRemoving(row)}
              >
                Remove…
              </Button>
            ),
          },
        ]}
      />
      <AddSecret source={source} open={adding} onClose={() => setAdding(false)} />
      <Confirm
        open={removing !== null}
        onClose={() => setRemoving(null)}
        title="Remove this secret?"
        action="Remove"
        keep="Keep it"
        doing={{
          ...remove,
          mutate: () => removing && remove.mutate(removing.id, { onSuccess: () => setRemoving(null) }),
        }}
      >
        <p>Webhooks that are signed with it are refused from now on.</p>
      </Confirm>
    </Panel>
  );
}

function AddSecret({ source, open, onClose }: { source: Source; open: boolean; onClose: () => void }) {
  const add = useAddSecret(source.id);
  const [secret, setSecret] = useState("");
  const [hours, setHours] = useState(24);
  const close = () => {
    add.reset();
    setSecret("");
    onClose();
  };
  const submit = () => {
    const others_expire_at = hours === 0 ? null : new Date(Date.now() + hours * HOUR_MS).toISOString();
    const own = secret.trim() || null;
    add.mutate({ secret: own, others_expire_at }, { onSuccess: (added) => !added.secret && close() });
  };
  return (
    <Dialog title="Add a secret" open={open} onClose={close}>
      {add.data?.secret ? (
        <SecretOnce secret={add.data.secret} label="Secret" onDone={close}>
          <p className="text-muted">Now give it to the sender. Until the others end, both are good.</p>
        </SecretOnce>
      ) : (
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <TextField
            label="Secret of the sender"
            hint="When the sender gives you one. Left empty, one is made and shown once."
            type="password"
            autoComplete="off"
            value={secret}
            onChange={(event) => setSecret(event.target.value)}
          />
          <SelectField
            label="The others end"
            value={hours}
            onChange={(event) => setHours(Number(event.target.value))}
          >
            {OTHERS.map((choice) => (
              <option key={choice.hours} value={choice.hours}>
                {choice.label}
              </option>
            ))}
          </SelectField>
          {add.isError && <ProblemNotice thrown={add.error} />}
          <DialogActions>
            <Button onClick={close}>Cancel</Button>
            <Button type="submit" look="primary" busy={add.isPending}>
              Add
            </Button>
          </DialogActions>
        </form>
      )}
    </Dialog>
  );
}
