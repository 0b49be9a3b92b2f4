// From a settings schema (JSON Schema, draft 2020-12) to the fields of a form. What a form cannot show is left to the JSON editor.

interface Named {
  /** The member of the settings that it edits. */
  name: string;
  label: string;
  hint?: string;
  required: boolean;
}

export type Simple = Named &
  (
    | { kind: "text"; pattern?: string; minLength?: number; maxLength?: number }
    | { kind: "number"; whole: boolean; minimum?: number; maximum?: number }
    | { kind: "switch" }
    | { kind: "choice"; options: Json[] }
  );

export type Field =
  | Simple
  | (Named & { kind: "list"; item: Simple; maxItems?: number })
  | (Named & { kind: "group"; fields: Field[] });

export type Json = string | number | boolean | null | Json[] | { [member: string]: Json };
export type Settings = { [member: string]: Json };

interface Schema {
  type?: unknown;
  title?: unknown;
  description?: unknown;
  default?: Json;
  properties?: Record<string, unknown>;
  required?: unknown;
  items?: unknown;
  enum?: unknown;
  pattern?: unknown;
  minLength?: unknown;
  maxLength?: unknown;
  minimum?: unknown;
  maximum?: unknown;
  maxItems?: unknown;
}

/** Words of a schema that say more than a form can show, wherever they stand. */
const BEYOND_A_FORM = ["$ref", "$dynamicRef", "oneOf", "anyOf", "allOf", "not", "if", "const", "prefixItems"];
const BEYOND_A_GROUP = ["patternProperties", "dependentRequired", "dependentSchemas", "propertyNames"];

/** The fields of the form for a schema, or `null` when only the JSON editor does it justice. */
export function formOf(schema: unknown): Field[] | null {
  return fieldsOf(schema, 0);
}

function fieldsOf(schema: unknown, depth: number): Field[] | null {
  if (!isSchema(schema) || schema.type !== "object" || BEYOND_A_GROUP.some((word) => word in schema))
    return null;
  const required = Array.isArray(schema.required) ? schema.required : [];
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) =>
    fieldOf(name, property, required.includes(name), depth),
  );
  return fields.every((field) => field !== null) ? fields : null;
}

function fieldOf(name: string, schema: unknown, required: boolean, depth: number): Field | null {
  if (!isSchema(schema)) return null;
  if (schema.type === "object") {
    const fields = depth === 0 ? fieldsOf(schema, depth + 1) : null;
    return fields && { ...named(name, schema, required), kind: "group", fields };
  }
  if (schema.type === "array") {
    const item = isSchema(schema.items) ? simpleOf(name, schema.items, true) : null;
    return (
      item && { ...named(name, schema, required), kind: "list", item, maxItems: number(schema.maxItems) }
    );
  }
  return simpleOf(name, schema, required);
}

function simpleOf(name: string, schema: Schema, required: boolean): Simple | null {
  const head = named(name, schema, required);
  if (Array.isArray(schema.enum)) return { ...head, kind: "choice", options: schema.enum };
  switch (schema.type) {
    case "string":
      return {
        ...head,
        kind: "text",
        pattern: typeof schema.pattern === "string" ? schema.pattern : undefined,
        minLength: number(schema.minLength),
        maxLength: number(schema.maxLength),
      };
    case "number":
    case "integer":
      return {
        ...head,
        kind: "number",
        whole: schema.type === "integer",
        minimum: number(schema.minimum),
        maximum: number(schema.maximum),
      };
    case "boolean":
      return { ...head, kind: "switch" };
    default:
      return null;
  }
}

function isSchema(schema: unknown): schema is Schema {
  return typeof schema === "object" && schema !== null && !BEYOND_A_FORM.some((word) => word in schema);
}

function named(name: string, schema: Schema, required: boolean): Named {
  return {
    name,
    label: typeof schema.title === "string" ? schema.title : name,
    hint: typeof schema.description === "string" ? schema.description : undefined,
    required,
  };
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** The settings with which a form begins: what was saved, and the schema's default where nothing was. */
export function startingSettings(schema: unknown, saved: Json | undefined): Settings {
  const settings: Settings = isSettings(saved) ? { ...saved } : {};
  const properties = isSchema(schema) ? (schema.properties ?? {}) : {};
  for (const [name, property] of Object.entries(properties)) {
    if (!isSchema(property)) continue;
    if (property.type === "object") {
      const inner = startingSettings(property, settings[name]);
      if (name in settings || Object.keys(inner).length > 0) settings[name] = inner;
    } else if (!(name in settings) && property.default !== undefined) {
      settings[name] = property.default;
    }
  }
  return settings;
}

export function isSettings(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
