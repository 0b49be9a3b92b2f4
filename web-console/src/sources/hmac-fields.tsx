import type { Schemas } from "../api/client";
import { SelectField, TextField } from "../ui/field";

export type HmacSettings = Partial<Record<keyof Schemas["Settings"], string>>;

const FIELDS: { name: keyof Schemas["Settings"]; label: string; placeholder: string; hint?: string }[] = [
  { name: "signature_header", label: "Header with the signature", placeholder: "x-signature" },
  { name: "prefix", label: "What stands before it", placeholder: "such as sha256=" },
  {
    name: "signed",
    label: "What is signed",
    placeholder: "{body}",
    hint: "With {timestamp} and {id} where they are signed too.",
  },
  { name: "timestamp_header", label: "Header with the time", placeholder: "none" },
  {
    name: "id_header",
    label: "Header with the id",
    placeholder: "none",
    hint: "Without it, two equal bodies are one event.",
  },
  { name: "type_header", label: "Header with the type", placeholder: "none" },
  { name: "event_type", label: "Type of events without one", placeholder: "webhook" },
];

/** Where and how a sender of its own kind signs. What is left empty is as the API has it. */
export function HmacFields({
  settings,
  onChange,
  places,
}: {
  settings: HmacSettings;
  onChange: (settings: HmacSettings) => void;
  places: Record<string, string>;
}) {
  const set = (name: keyof Schemas["Settings"]) => (event: { target: { value: string } }) =>
    onChange({ ...settings, [name]: event.target.value });
  return (
    <div className="grid items-start gap-4 rounded-control border border-line p-4 sm:grid-cols-2">
      {FIELDS.map(({ name, ...field }) => (
        <TextField
          key={name}
          {...field}
          error={places[`/settings/${name}`]}
          value={settings[name] ?? ""}
          onChange={set(name)}
        />
      ))}
      <SelectField label="Hash" value={settings.algorithm ?? "sha256"} onChange={set("algorithm")}>
        <option value="sha256">SHA-256</option>
        <option value="sha512">SHA-512</option>
      </SelectField>
      <SelectField label="Written in" value={settings.encoding ?? "hex"} onChange={set("encoding")}>
        <option>hex</option>
        <option>base64</option>
      </SelectField>
    </div>
  );
}

/** What was filled in; the API has defaults for the rest. */
export function settingsOf(settings: HmacSettings): Schemas["Settings"] {
  const filled = Object.entries(settings).filter(([, value]) => value !== "");
  return Object.fromEntries(filled) as Schemas["Settings"];
}
