import type { Schemas } from "../../api/client";

export type Definition = Schemas["TargetDefinition"];

/** What the operator edits: JSON as text, so that it keeps its order and its spaces while one types. */
export interface Draft {
  title: string;
  description: string;
  inputSchema: string;
  outputSchema: string;
  limits: string;
  examples: string;
  isQueryAllowed: boolean;
}

const pretty = (value: unknown) => JSON.stringify(value, null, 2);
const NOTHING_YET = { type: "object", properties: {}, required: [] };

export const FIRST_DRAFT: Draft = {
  title: "",
  description: "",
  inputSchema: pretty(NOTHING_YET),
  outputSchema: pretty({ ...NOTHING_YET, additionalProperties: false }),
  limits: "{}",
  examples: "[]",
  isQueryAllowed: true,
};

export function draftOf(target: Schemas["Target"]): Draft {
  return {
    title: target.title,
    description: target.description,
    inputSchema: pretty(target.input_schema),
    outputSchema: pretty(target.output_schema),
    limits: pretty(target.limits),
    examples: pretty(target.examples),
    isQueryAllowed: target.input_query_allowed,
  };
}

/** The definition that a draft is; it throws where a text is no JSON. */
export function definitionOf(draft: Draft): Definition {
  return {
    title: draft.title,
    description: draft.description,
    input_schema: JSON.parse(draft.inputSchema),
    output_schema: JSON.parse(draft.outputSchema),
    limits: JSON.parse(draft.limits),
    examples: JSON.parse(draft.examples),
    input_query_allowed: draft.isQueryAllowed,
  };
}
