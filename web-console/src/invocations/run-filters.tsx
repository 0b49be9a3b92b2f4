import { X } from "lucide-react";
import { useFunctions } from "../functions/queries";
import { Button } from "../ui/button";
import { SelectField, TextField } from "../ui/field";
import { FILTERS, SINCE, withFilter } from "./filters";
import { OUTCOMES } from "./outcome";

const TRIGGERS = ["http", "test", "replay", "event", "schedule"];

/** The filters above a list of runs. Each stands in the address. */
export function RunFilters({
  search,
  onChange,
  ofOne = false,
}: {
  search: URLSearchParams;
  onChange: (search: URLSearchParams) => void;
  ofOne?: boolean;
}) {
  const functions = useFunctions();
  const names = functions.data?.pages.flatMap((page) => page.data.map((row) => row.name)) ?? [];
  const asked = search.get("function");
  const value = (name: string) => search.get(name) ?? "";
  const set = (name: string) => (event: { target: { value: string } }) =>
    onChange(withFilter(search, name, event.target.value.trim()));
  const from = search.get("from");
  return (
    <search className="mb-4 grid grid-cols-2 items-end gap-3 sm:grid-cols-3 lg:flex lg:flex-wrap [&>div]:lg:w-36">
      {!ofOne && (
        <SelectField label="Function" value={value("function")} onChange={set("function")}>
          <option value="">All</option>
          {asked && !names.includes(asked) && <option value={asked}>{asked}</option>}
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
      )}
      <TextField
        label="Version"
        inputMode="numeric"
        placeholder={ofOne || asked ? "All" : "Pick a function"}
        disabled={!ofOne && !asked}
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
      <SelectField label="Trigger" value={value("trigger")} onChange={set("trigger")}>
        <option value="">All</option>
        {TRIGGERS.map((trigger) => (
          <option key={trigger}>{trigger}</option>
        ))}
      </SelectField>
      <SelectField label="When" value={from ? "window" : value("since")} onChange={set("since")}>
        <option value="">Any time</option>
        {from && <option value="window">{windowWords(from)}</option>}
        {Object.entries(SINCE).map(([code, { label }]) => (
          <option key={code} value={code}>
            {label}
          </option>
        ))}
      </SelectField>
      <TextField
        label="Fuel, at least"
        inputMode="numeric"
        placeholder="0"
        value={value("min_fuel")}
        onChange={set("min_fuel")}
      />
      {FILTERS.some((name) => search.has(name)) && (
        <Button look="quiet" onClick={() => onChange(new URLSearchParams())}>
          <X className="size-4" aria-hidden />
          Clear
        </Button>
      )}
    </search>
  );
}

function windowWords(from: string): string {
  const start = new Date(from);
  return `From ${start.toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" })}`;
}
