import { useState } from "react";
import { placesOf } from "../api/problem";
import { formatCount } from "../figures/count";
import { Actor } from "../tenant/actor";
import { Button } from "../ui/button";
import { Dialog, DialogActions } from "../ui/dialog";
import { TextField } from "../ui/field";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { When } from "../ui/when";
import { type Gate, type GateRequest, useGate, useRemoveGate, useSetGate } from "./gate-queries";

/** What must be proved of a version before it goes live. */
export function GatePanel({ name }: { name: string }) {
  const gate = useGate(name);
  const remove = useRemoveGate(name);
  const [asking, setAsking] = useState(false);
  if (gate.isError) return <ProblemNotice thrown={gate.error} retry={() => gate.refetch()} />;
  if (gate.isPending) return <Skeleton lines={2} />;
  return (
    <Panel
      title="Gate"
      note="What a shadow run must prove of a version before it goes live. Moving back to what was live before is not asked."
      actions={
        <>
          {gate.data && (
            <Button look="quiet" busy={remove.isPending} onClick={() => remove.mutate()}>
              Remove the gate
            </Button>
          )}
          <Button onClick={() => setAsking(true)}>{gate.data ? "Change it…" : "Set a gate…"}</Button>
        </>
      }
    >
      {remove.isError && <ProblemNotice thrown={remove.error} />}
      {gate.data ? <InWords of={gate.data} /> : <p className="text-muted">Any version can go live.</p>}
      <Dialog title="What live asks of a version" open={asking} onClose={() => setAsking(false)}>
        <GateForm name={name} before={gate.data} onClose={() => setAsking(false)} />
      </Dialog>
    </Panel>
  );
}

function InWords({ of: gate }: { of: Gate }) {
  return (
    <>
      <p>
        {formatCount(gate.min_runs)} {gate.min_runs === 1 ? "run" : "runs"} compared within the last{" "}
        {gate.max_age_hours === 1 ? "hour" : `${formatCount(gate.max_age_hours)} hours`}, newly failing at
        most {formatCount(gate.newly_failing_max)},{" "}
        {gate.differs_max === null ? "any number may differ" : `differing at most ${gate.differs_max}`}.
      </p>
      <p className="mt-1 text-[13px] text-muted">
        Set <When at={gate.set_at} /> by <Actor actor={gate.set_by} />
      </p>
    </>
  );
}

type Texts = Record<keyof GateRequest, string>;

const FIELDS: { name: keyof GateRequest; label: string; placeholder: string }[] = [
  { name: "min_runs", label: "Runs compared, at least", placeholder: "100" },
  { name: "newly_failing_max", label: "Newly failing, at most", placeholder: "as usual" },
  { name: "differs_max", label: "Differing, at most", placeholder: "any number" },
  { name: "max_age_hours", label: "Not older than, in hours", placeholder: "as usual" },
];

function GateForm({ name, before, onClose }: { name: string; before: Gate | null; onClose: () => void }) {
  const set = useSetGate(name);
  const [texts, setTexts] = useState(
    () =>
      Object.fromEntries(FIELDS.map((field) => [field.name, String(before?.[field.name] ?? "")])) as Texts,
  );
  const places = placesOf(set.error);
  const submit = () => {
    const filled = Object.entries(texts).filter(([, text]) => text !== "");
    const wanted = Object.fromEntries(filled.map(([member, text]) => [member, Number(text)]));
    // What is left out is as the API has it.
    set.mutate(wanted as GateRequest, { onSuccess: onClose });
  };
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className="grid items-start gap-4 sm:grid-cols-2">
        {FIELDS.map((field) => (
          <TextField
            key={field.name}
            type="number"
            label={field.label}
            placeholder={field.placeholder}
            error={places[`/${field.name}`]}
            required={field.name === "min_runs"}
            value={texts[field.name]}
            onChange={(event) => {
              setTexts({ ...texts, [field.name]: event.target.value });
              if (set.isError) set.reset();
            }}
          />
        ))}
      </div>
      {set.isError && <ProblemNotice thrown={set.error} />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={set.isPending}>
          Set the gate
        </Button>
      </DialogActions>
    </form>
  );
}
