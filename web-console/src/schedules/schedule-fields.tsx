import { type ReactNode, useId } from "react";
import { FunctionField } from "../functions/function-field";
import { Button } from "../ui/button";
import { SelectField, TextField } from "../ui/field";
import { JsonEditor } from "../ui/json-editor";
import { FIELDS, MISSED, RULES } from "./rules";
import type { Wished } from "./wished";
import { ZONES } from "./zones";

/** What a schedule asks for: which function runs, when, on what. */
export function ScheduleFields({
  wished,
  withFunction,
  places,
  preview,
  onChange,
}: {
  wished: Wished;
  withFunction: boolean;
  places: Record<string, string>;
  /** Stands below the rule and its zone, in sight of who writes them. */
  preview: ReactNode;
  onChange: (wished: Wished) => void;
}) {
  return (
    <>
      {withFunction && (
        <FunctionField
          none="Pick one"
          required
          value={wished.function}
          onChange={(event) => onChange({ ...wished, function: event.target.value })}
        />
      )}
      <TextField
        label={FIELDS["/cron"]}
        className="font-mono"
        hint="Minute, hour, day of month, month, day of week."
        error={places["/cron"]}
        value={wished.cron}
        onChange={(event) => onChange({ ...wished, cron: event.target.value })}
        spellCheck={false}
        required
      />
      <div className="-mt-1.5 flex flex-wrap gap-1.5">
        {RULES.map(({ cron, label }) => (
          <Button key={cron} size="small" onClick={() => onChange({ ...wished, cron })}>
            {label}
          </Button>
        ))}
      </div>
      <ZoneField
        value={wished.timezone}
        error={places["/timezone"]}
        onChange={(timezone) => onChange({ ...wished, timezone })}
      />
      {preview}
      <JsonEditor
        label="Input"
        rows={4}
        text={wished.input}
        onChange={(input) => onChange({ ...wished, input })}
      />
      <SelectField
        label="Firings that were missed"
        hint="While every worker was down."
        value={wished.missed}
        onChange={(event) => onChange({ ...wished, missed: event.target.value as Wished["missed"] })}
      >
        {Object.entries(MISSED).map(([code, words]) => (
          <option key={code} value={code}>
            {words}
          </option>
        ))}
      </SelectField>
    </>
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
        label={FIELDS["/timezone"]}
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
