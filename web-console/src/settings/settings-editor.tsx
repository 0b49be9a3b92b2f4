import { useState } from "react";
import type { Schemas } from "../api/client";
import { placesOf } from "../api/problem";
import { Button } from "../ui/button";
import { JsonEditor, jsonFault } from "../ui/json-editor";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { Segments } from "../ui/segments";
import { When } from "../ui/when";
import { faultsOf } from "./faults";
import { formOf, isSettings, type Json, startingSettings } from "./form";
import { useSaveConfig } from "./queries";
import { SettingsFields } from "./settings-fields";

type View = "form" | "json";

/** Edits settings in a form where the schema allows one, and as JSON always. Both edit the same value. */
export function SettingsEditor({
  name,
  version,
  schema,
  saved,
}: {
  name: string;
  version: number;
  schema: unknown;
  saved: Schemas["Configuration"] | null;
}) {
  const fields = formOf(schema);
  const savedConfig = saved?.config as Json | undefined;
  const fits = fields !== null && (savedConfig === undefined || isSettings(savedConfig));
  const [view, setView] = useState<View>(fits ? "form" : "json");
  const [settings, setSettings] = useState<Json>(() =>
    fits ? startingSettings(schema, savedConfig) : (savedConfig ?? {}),
  );
  const [text, setText] = useState(() => JSON.stringify(settings, null, 2));
  const [asked, setAsked] = useState(false);
  const save = useSaveConfig(name);

  const inForm = view === "form" && fields !== null && isSettings(settings);
  const faults = inForm ? faultsOf(fields, settings) : {};
  const shown = { ...(asked ? faults : {}), ...placesOf(save.error) };
  const hinder = inForm ? Object.keys(faults).length > 0 : jsonFault(text) !== null;

  // What is under way is not forgotten, or it could be sent twice.
  const forgetRefusal = () => {
    if (save.isError) save.reset();
  };
  const change = (next: Json) => {
    setSettings(next);
    setText(JSON.stringify(next, null, 2));
    forgetRefusal();
  };
  const show = (next: View) => {
    if (next === "form") {
      if (jsonFault(text)) return;
      setSettings(JSON.parse(text));
    }
    setView(next);
  };
  const submit = () => {
    setAsked(true);
    if (hinder) return;
    save.mutate(inForm ? settings : JSON.parse(text));
  };
  return (
    <Panel
      title={titleOf(schema) ?? "Settings"}
      note={descriptionOf(schema) ?? "What every run of the function is given, as CARTWRIGHT_CONFIG."}
      actions={
        fits && (
          <Segments
            label="Edit as"
            value={view}
            onChange={show}
            options={[
              { value: "form", label: "Form" },
              { value: "json", label: "JSON" },
            ]}
          />
        )
      }
    >
      <form
        noValidate
        className="grid max-w-[40rem] gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {inForm ? (
          <SettingsFields fields={fields} settings={settings} onChange={change} faults={shown} />
        ) : (
          <JsonEditor
            label="Settings as JSON"
            text={text}
            onChange={(next) => {
              setText(next);
              forgetRefusal();
            }}
            onSubmit={submit}
          />
        )}
        {save.isError && <ProblemNotice thrown={save.error} />}
        {inForm && fields.length === 0 ? (
          <p className="text-muted">This function has nothing to set.</p>
        ) : (
          <SaveRow busy={save.isPending} saved={saved} version={version} />
        )}
      </form>
    </Panel>
  );
}

function SaveRow({
  busy,
  saved,
  version,
}: {
  busy: boolean;
  saved: Schemas["Configuration"] | null;
  version: number;
}) {
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button type="submit" look="primary" busy={busy}>
        {busy ? "Saving…" : "Save settings"}
      </Button>
      <p className="text-[13px] text-muted">
        {saved ? (
          <>
            Settings {saved.config_version}, saved <When at={saved.created_at} />.
          </>
        ) : (
          `Nothing saved yet: v${version} runs with its defaults.`
        )}{" "}
        New runs see a change at once.
      </p>
    </div>
  );
}

function titleOf(schema: unknown): string | undefined {
  return (schema as { title?: string } | null)?.title;
}

function descriptionOf(schema: unknown): string | undefined {
  return (schema as { description?: string } | null)?.description;
}
