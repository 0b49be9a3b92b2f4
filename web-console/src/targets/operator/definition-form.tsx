import { type ReactNode, useState } from "react";
import { Button } from "../../ui/button";
import { CheckField, TextField } from "../../ui/field";
import { JsonEditor, jsonFault } from "../../ui/json-editor";
import { ProblemNotice } from "../../ui/notice";
import { Panel } from "../../ui/panel";
import { type Definition, type Draft, definitionOf } from "./definition";

/** Everything that a target is but its name. What the api refuses is shown with the place of every offence. */
export function DefinitionForm({
  first,
  save,
  onSave,
  saving,
  refused,
  children,
}: {
  first: Draft;
  /** What the button says. */
  save: string;
  onSave: (definition: Definition) => void;
  saving: boolean;
  /** What was thrown when it was saved last. */
  refused: unknown;
  /** What stands above the rest. */
  children?: ReactNode;
}) {
  const [draft, setDraft] = useState(first);
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const texts = [draft.inputSchema, draft.outputSchema, draft.limits, draft.examples];
  const isJson = texts.every((text) => jsonFault(text) === null);
  return (
    <form
      className="grid gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        if (isJson) onSave(definitionOf(draft));
      }}
    >
      <Panel>
        <div className="grid max-w-[46rem] gap-4">
          {children}
          <TextField
            label="Title"
            value={draft.title}
            hint="As people see it."
            onChange={(event) => change({ title: event.target.value })}
          />
          <TextField
            label="Description"
            value={draft.description}
            hint="What it is for, and when the platform calls it."
            onChange={(event) => change({ description: event.target.value })}
          />
          <CheckField
            label="Functions may ask for a part of the payload"
            hint="A function then reads only the members that its input query names."
            checked={draft.isQueryAllowed}
            onChange={(event) => change({ isQueryAllowed: event.target.checked })}
          />
        </div>
      </Panel>
      <div className="grid gap-5 lg:grid-cols-2">
        <Panel>
          <JsonEditor
            label="Input schema"
            rows={20}
            text={draft.inputSchema}
            onChange={(inputSchema) => change({ inputSchema })}
          />
        </Panel>
        <Panel>
          <JsonEditor
            label="Output schema"
            rows={20}
            text={draft.outputSchema}
            onChange={(outputSchema) => change({ outputSchema })}
          />
        </Panel>
      </div>
      <div className="grid gap-5 lg:grid-cols-2">
        <Panel>
          <JsonEditor label="Examples" text={draft.examples} onChange={(examples) => change({ examples })} />
        </Panel>
        <Panel>
          <JsonEditor label="Limits" text={draft.limits} onChange={(limits) => change({ limits })} />
        </Panel>
      </div>
      {refused != null && <ProblemNotice thrown={refused} />}
      <div>
        <Button type="submit" look="primary" busy={saving} disabled={!isJson}>
          {saving ? "Saving…" : save}
        </Button>
      </div>
    </form>
  );
}
