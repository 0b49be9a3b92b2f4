// What is wrong with a value, said while one types. The API checks the same schema again, and has the last word.

import type { Field, Json, Settings, Simple } from "./form";
import { isSettings } from "./form";

/** Sentences by JSON pointer. */
export type Faults = Record<string, string>;

export function pointerTo(parent: string, member: string | number): string {
  return `${parent}/${String(member).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

export function faultsOf(fields: Field[], settings: Settings, parent = ""): Faults {
  const faults: Faults = {};
  for (const field of fields) {
    const pointer = pointerTo(parent, field.name);
    const value = settings[field.name];
    if (value === undefined) {
      if (field.required && field.kind !== "group") faults[pointer] = "This is needed.";
    } else if (field.kind === "group") {
      Object.assign(faults, faultsOf(field.fields, isSettings(value) ? value : {}, pointer));
    } else if (field.kind === "list") {
      for (const [place, item] of (Array.isArray(value) ? value : []).entries()) {
        const fault = faultOf(field.item, item);
        if (fault) faults[pointerTo(pointer, place)] = fault;
      }
    } else {
      const fault = faultOf(field, value);
      if (fault) faults[pointer] = fault;
    }
  }
  return faults;
}

function faultOf(field: Simple, value: Json): string | null {
  if (field.kind === "number") {
    if (typeof value !== "number") return "This is not a number.";
    if (field.whole && !Number.isInteger(value)) return "This must be a whole number.";
    if (field.minimum !== undefined && value < field.minimum) return `This must be ${field.minimum} or more.`;
    if (field.maximum !== undefined && value > field.maximum) return `This must be ${field.maximum} or less.`;
  }
  if (field.kind === "text" && typeof value === "string") {
    // JSON Schema counts characters, not the halves that JavaScript keeps some of them in.
    const length = [...value].length;
    if (length < (field.minLength ?? 0)) {
      return length === 0 ? "This cannot be empty." : `This needs ${field.minLength} characters or more.`;
    }
    if (length > (field.maxLength ?? Number.POSITIVE_INFINITY)) {
      return `This may have ${field.maxLength} characters at most.`;
    }
    if (field.pattern && !matches(field.pattern, value))
      return "This does not have the form that is asked for.";
  }
  return null;
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    // The server's dialect of patterns is its own; what cannot be read here is judged there.
    return true;
  }
}
