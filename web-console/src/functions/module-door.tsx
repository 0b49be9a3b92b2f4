import { useState } from "react";
import { useNavigate } from "react-router";
import { slugOf } from "../session/slug";
import { useTargets } from "../targets/queries";
import { Button } from "../ui/button";
import { CheckField, SelectField, TextField } from "../ui/field";
import { ProblemNotice } from "../ui/notice";
import { ModuleDrop } from "../versions/module-drop";
import { startUpload } from "../versions/uploads";
import { useCreateFunction } from "./queries";

/** A name and a module: creates the function, then shows its page, where the upload goes on. */
export function ModuleDoor() {
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState("");
  const [target, setTarget] = useState("");
  const [live, setLive] = useState(true);
  const targets = useTargets().data?.pages.flatMap((page) => page.data) ?? [];
  const create = useCreateFunction();
  const navigate = useNavigate();

  const choose = (chosen: File) => {
    setFile(chosen);
    if (name === "") setName(slugOf(chosen.name.replace(/\.wasm$/i, "")).replace(/-$/, ""));
  };
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!file) return;
        create.mutate(
          { name, target: target || undefined },
          {
            onSuccess: () => {
              startUpload(name, file, live ? "live" : null);
              void navigate(`/functions/${name}`);
            },
          },
        );
      }}
    >
      <ModuleDrop onFile={choose} chosen={file} />
      <TextField
        label="Name of the function"
        hint="Lowercase letters, digits and hyphens. It is part of the address that calls it."
        value={name}
        onChange={(event) => setName(slugOf(event.target.value))}
        maxLength={63}
        required
      />
      <SelectField
        label="Target"
        hint="Where the platform calls it. What the function answers is then held to the target's schema."
        value={target}
        onChange={(event) => setTarget(event.target.value)}
      >
        <option value="">None: it is called by its name only</option>
        {targets.map((one) => (
          <option key={one.name} value={one.name}>
            {one.name}
          </option>
        ))}
      </SelectField>
      <CheckField
        label="Make it live when it is ready"
        checked={live}
        onChange={(event) => setLive(event.target.checked)}
      />
      {create.isError && <ProblemNotice thrown={create.error} />}
      <Button
        type="submit"
        look="primary"
        disabled={!file}
        busy={create.isPending}
        className="justify-self-start"
      >
        {create.isPending ? "Creating…" : "Create and upload"}
      </Button>
    </form>
  );
}
