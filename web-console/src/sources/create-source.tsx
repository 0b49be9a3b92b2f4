import { useState } from "react";
import { useNavigate } from "react-router";
import { placesOf } from "../api/problem";
import { Button } from "../ui/button";
import { Code } from "../ui/code";
import { Dialog, DialogActions } from "../ui/dialog";
import { SelectField, TextField } from "../ui/field";
import { ProblemNotice } from "../ui/notice";
import { SecretOnce } from "../ui/secret-once";
import { addressOf } from "./address";
import { useCreateSource } from "./queries";
import { SCHEMES, type Scheme } from "./schemes";
import { SettingFields } from "./setting-fields";
import { filledOf, type Settings } from "./settings";

/** Asks who will send, creates the source, and shows what to paste there: its address, and once its secret. */
export function CreateSource({ open, onClose }: { open: boolean; onClose: () => void }) {
  const create = useCreateSource();
  const navigate = useNavigate();
  const made = create.data;
  const done = () => {
    create.reset();
    onClose();
    if (made) navigate(`/sources/${made.id}`);
  };
  return (
    <Dialog title={made ? `Source ${made.name}` : "Create a source"} open={open} onClose={done}>
      {made ? (
        <>
          <p>{SCHEMES[made.scheme].paste}</p>
          <Code text={addressOf(made)} label="Address" wrap />
          {made.secret ? (
            <SecretOnce secret={made.secret} label="Secret" onDone={done} />
          ) : (
            <DialogActions>
              <Button look="primary" onClick={done}>
                Done
              </Button>
            </DialogActions>
          )}
        </>
      ) : (
        <Wishes create={create} onClose={done} />
      )}
    </Dialog>
  );
}

function Wishes({ create, onClose }: { create: ReturnType<typeof useCreateSource>; onClose: () => void }) {
  const [name, setName] = useState("");
  const [scheme, setScheme] = useState<Scheme>("standard_webhooks");
  const [secret, setSecret] = useState("");
  const [settings, setSettings] = useState<Settings>({});
  const places = placesOf(create.error);
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({
          name: name.trim(),
          scheme,
          secret: secret.trim() || null,
          settings: filledOf(settings, scheme),
        });
      }}
    >
      <TextField
        label="Name"
        hint="Events carry it, and subscriptions can ask for it. It stays."
        error={places["/name"]}
        value={name}
        onChange={(event) => setName(event.target.value)}
        maxLength={200}
        required
      />
      <SelectField
        label="Signed by"
        hint={SCHEMES[scheme].note}
        value={scheme}
        onChange={(event) => setScheme(event.target.value as Scheme)}
      >
        {Object.entries(SCHEMES).map(([code, { label }]) => (
          <option key={code} value={code}>
            {label}
          </option>
        ))}
      </SelectField>
      <SettingFields scheme={scheme} settings={settings} onChange={setSettings} places={places} />
      <TextField
        label="Secret of the sender"
        hint={
          scheme === "shopify"
            ? "Your app's client secret, in the app's settings at Shopify."
            : "When the sender gives you one. Left empty, one is made and shown once."
        }
        error={places["/secret"]}
        type="password"
        autoComplete="off"
        value={secret}
        onChange={(event) => setSecret(event.target.value)}
      />
      {create.isError && <ProblemNotice thrown={create.error} />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" disabled={name.trim() === ""} busy={create.isPending}>
          {create.isPending ? "Creating…" : "Create"}
        </Button>
      </DialogActions>
    </form>
  );
}
