import { CheckField, SelectField, TextField } from "../ui/field";
import { type Faults, pointerTo } from "./faults";
import { type Field, isSettings, type Json, type Settings, type Simple } from "./form";
import { ListField } from "./list-field";

/** The fields of a form, each editing its member of the settings. */
export function SettingsFields({
  fields,
  settings,
  onChange,
  faults,
  parent = "",
}: {
  fields: Field[];
  settings: Settings;
  onChange: (settings: Settings) => void;
  faults: Faults;
  parent?: string;
}) {
  const change = (name: string, value: Json | undefined) => {
    const { [name]: _, ...others } = settings;
    // The member keeps its place, so that the JSON reads the same before and after.
    if (value === undefined) onChange(others);
    else onChange({ ...settings, [name]: value });
  };
  return fields.map((field) => {
    const pointer = pointerTo(parent, field.name);
    const value = settings[field.name];
    if (field.kind === "group") {
      return (
        <fieldset key={field.name} className="grid gap-4 rounded-control border border-line p-4">
          <legend className="px-1 font-medium">{field.label}</legend>
          {field.hint && <p className="text-[13px] text-muted">{field.hint}</p>}
          <SettingsFields
            fields={field.fields}
            settings={isSettings(value) ? value : {}}
            onChange={(inner) => change(field.name, inner)}
            faults={faults}
            parent={pointer}
          />
        </fieldset>
      );
    }
    if (field.kind === "list") {
      return (
        <ListField
          key={field.name}
          field={field}
          items={Array.isArray(value) ? value : []}
          onChange={(items) => change(field.name, items)}
          faults={faults}
          pointer={pointer}
        />
      );
    }
    return (
      <SimpleField
        key={field.name}
        field={field}
        value={value}
        onChange={(next) => change(field.name, next)}
        error={faults[pointer]}
      />
    );
  });
}

/** One value, in the control that fits its kind. */
export function SimpleField({
  field,
  value,
  onChange,
  error,
}: {
  field: Simple;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  error: string | undefined;
}) {
  const { label, hint } = field;
  switch (field.kind) {
    case "switch":
      return (
        <CheckField
          label={label}
          hint={hint}
          checked={value === true}
          onChange={(event) => onChange(event.target.checked)}
        />
      );
    case "choice":
      return (
        <SelectField
          label={label}
          hint={hint}
          error={error}
          value={value === undefined ? -1 : field.options.indexOf(value)}
          onChange={(event) => onChange(field.options[Number(event.target.value)])}
        >
          <option value={-1} hidden={field.required}>
            Not set
          </option>
          {field.options.map((option, place) => (
            <option key={String(option)} value={place}>
              {String(option)}
            </option>
          ))}
        </SelectField>
      );
    case "number":
      return (
        <TextField
          label={label}
          hint={hint}
          error={error}
          type="number"
          step={field.whole ? 1 : "any"}
          min={field.minimum}
          max={field.maximum}
          className="figures max-w-44"
          value={typeof value === "number" ? value : ""}
          onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.valueAsNumber)}
        />
      );
    case "text":
      return (
        <TextField
          label={label}
          hint={hint}
          error={error}
          value={typeof value === "string" ? value : ""}
          onChange={(event) => onChange(event.target.value)}
        />
      );
  }
}
