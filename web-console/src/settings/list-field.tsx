import { Plus, X } from "lucide-react";
import { Button } from "../ui/button";
import { type Faults, pointerTo } from "./faults";
import type { Field, Json, Simple } from "./form";
import { SimpleField } from "./settings-fields";

/** A list of simple values: one row a value, one more by a button. */
export function ListField({
  field,
  items,
  onChange,
  faults,
  pointer,
}: {
  field: Extract<Field, { kind: "list" }>;
  items: Json[];
  onChange: (items: Json[]) => void;
  faults: Faults;
  pointer: string;
}) {
  const full = items.length >= (field.maxItems ?? Number.POSITIVE_INFINITY);
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 font-medium">{field.label}</legend>
      {items.map((item, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: values may repeat, so the place is all that tells them apart.
        <div key={place} className="flex items-start gap-2">
          <div className="grow [&_label]:sr-only">
            <SimpleField
              field={{ ...field.item, label: `${field.label}, ${place + 1}`, hint: undefined }}
              value={item}
              onChange={(next) => onChange(items.with(place, next ?? emptyItem(field.item)))}
              error={faults[pointerTo(pointer, place)]}
            />
          </div>
          <Button
            look="quiet"
            aria-label={`Remove ${field.label}, ${place + 1}`}
            onClick={() => onChange(items.toSpliced(place, 1))}
          >
            <X className="size-4" aria-hidden />
          </Button>
        </div>
      ))}
      <div>
        <Button size="small" disabled={full} onClick={() => onChange([...items, emptyItem(field.item)])}>
          <Plus className="size-3.5" aria-hidden />
          Add
        </Button>
      </div>
      {(faults[pointer] ?? field.hint) && (
        <p className={`text-[13px] ${faults[pointer] ? "text-bad" : "text-muted"}`}>
          {faults[pointer] ?? field.hint}
        </p>
      )}
    </fieldset>
  );
}

function emptyItem(item: Simple): Json {
  switch (item.kind) {
    case "text":
      return "";
    case "number":
      return item.minimum ?? 0;
    case "switch":
      return false;
    case "choice":
      return item.options[0] ?? null;
  }
}
