import { X } from "lucide-react";
import type { ReactNode } from "react";
import { SINCE } from "../invocations/filters";
import type { Address } from "./address";
import { Button } from "./button";
import { SelectField } from "./field";

/** The filters above a list, and the button that takes them all away. */
export function FilterRow({ address, children }: { address: Address; children: ReactNode }) {
  return (
    <search className="mb-4 grid grid-cols-2 items-end gap-3 sm:grid-cols-3 lg:flex lg:flex-wrap [&>div]:lg:w-44">
      {children}
      {address.search.size > 0 && (
        <Button look="quiet" onClick={address.clear}>
          <X className="size-4" aria-hidden />
          Clear
        </Button>
      )}
    </search>
  );
}

/** Since when; it moves with the clock. `unless` is what holds when nothing was chosen; without it, any time does. */
export function SinceField({ address, unless }: { address: Address; unless?: string }) {
  return (
    <SelectField label="When" value={address.value("since") || unless} onChange={address.set("since")}>
      {!unless && <option value="">Any time</option>}
      {Object.entries(SINCE).map(([code, { label }]) => (
        <option key={code} value={code}>
          {label}
        </option>
      ))}
    </SelectField>
  );
}
