import { SelectField, TextField } from "../ui/field";
import type { Scheme } from "./schemes";
import { LABELS, type SettingName, type Settings, usedBy } from "./settings";

const TEXTS: Partial<Record<SettingName, { placeholder: string; hint?: string }>> = {
  signature_header: { placeholder: "x-signature" },
  prefix: { placeholder: "such as sha256=" },
  signed: { placeholder: "{body}", hint: "With {timestamp} and {id} where they are signed too." },
  timestamp_header: { placeholder: "none" },
  id_header: { placeholder: "none", hint: "Without it, two equal bodies are one event." },
  type_header: { placeholder: "none" },
  event_type: { placeholder: "webhook" },
};

const CHOICES: Partial<Record<SettingName, Record<string, string>>> = {
  algorithm: { sha256: "SHA-256", sha512: "SHA-512" },
  encoding: { hex: "hex", base64: "base64" },
};

/** What a scheme leaves to say of a sender; nothing where it leaves nothing. What is left empty is as the API has it. */
export function SettingFields({
  scheme,
  settings,
  onChange,
  places,
}: {
  scheme: Scheme;
  settings: Settings;
  onChange: (settings: Settings) => void;
  places: Record<string, string>;
}) {
  const names = usedBy(scheme);
  if (names.length === 0) return null;
  return (
    <div
      className={
        names.length > 1
          ? "grid items-start gap-4 rounded-control border border-line p-4 sm:grid-cols-2"
          : "grid"
      }
    >
      {names.map((name) => {
        const choices = CHOICES[name];
        const field = {
          label: LABELS[name],
          error: places[`/settings/${name}`],
          value: settings[name] ?? "",
          onChange: (event: { target: { value: string } }) =>
            onChange({ ...settings, [name]: event.target.value }),
        };
        if (!choices) return <TextField key={name} {...field} {...TEXTS[name]} />;
        return (
          <SelectField key={name} {...field} value={field.value || Object.keys(choices)[0]}>
            {Object.entries(choices).map(([code, label]) => (
              <option key={code} value={code}>
                {label}
              </option>
            ))}
          </SelectField>
        );
      })}
    </div>
  );
}
