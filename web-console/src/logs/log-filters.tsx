import { X } from "lucide-react";
import { OUTCOMES } from "../invocations/outcome";
import { Button } from "../ui/button";
import { SelectField, TextField } from "../ui/field";
import { FILTERS, LEVELS } from "./filter";

/** The filters above the live log. Each stands in the address. */
export function LogFilters({
  search,
  onChange,
}: {
  search: URLSearchParams;
  onChange: (search: URLSearchParams) => void;
}) {
  const value = (name: string) => search.get(name) ?? "";
  const set = (name: string) => (event: { target: { value: string } }) => {
    const next = new URLSearchParams(search);
    if (event.target.value) next.set(name, event.target.value);
    else next.delete(name);
    onChange(next);
  };
  return (
    <search className="grid grid-cols-2 items-end gap-3 lg:flex lg:flex-wrap [&>div]:lg:w-44">
      <SelectField label="Level" value={value("level")} onChange={set("level")}>
        <option value="">All</option>
        {LEVELS.map((level) => (
          <option key={level} value={level}>
            {level === "error" ? "error" : `${level} or graver`}
          </option>
        ))}
      </SelectField>
      <TextField
        label="Text"
        placeholder="Contains …"
        maxLength={200}
        value={value("text")}
        onChange={set("text")}
      />
      <TextField
        label="Version"
        inputMode="numeric"
        placeholder="All"
        value={value("version")}
        onChange={set("version")}
      />
      <SelectField label="Outcome" value={value("outcome")} onChange={set("outcome")}>
        <option value="">All</option>
        {Object.entries(OUTCOMES).map(([code, words]) => (
          <option key={code} value={code}>
            {words}
          </option>
        ))}
      </SelectField>
      {FILTERS.some((name) => search.has(name)) && (
        <Button look="quiet" onClick={() => onChange(new URLSearchParams())}>
          <X className="size-4" aria-hidden />
          All lines
        </Button>
      )}
    </search>
  );
}
