// Quotas as they stand in a form. A rule without a limit is none.

import type { Schemas } from "../api/client";
import { RULES } from "./quota-words";

export type Quotas = Schemas["Quotas"];
export type Kind = keyof typeof RULES & keyof Quotas;

export interface RuleText {
  limit: string;
  /** Of a rate only. */
  burst: string;
  shadow: boolean;
}

export type QuotaTexts = Record<Kind, RuleText>;

export const KINDS = Object.keys(RULES) as Kind[];

export function textsOf(quotas: Quotas): QuotaTexts {
  const texts = KINDS.map((kind) => {
    const rule = quotas[kind];
    const text = {
      limit: String(rule?.limit ?? ""),
      burst: String(rule?.burst ?? ""),
      shadow: rule?.shadow ?? false,
    };
    return [kind, text];
  });
  return Object.fromEntries(texts) as QuotaTexts;
}

export function quotasOf(texts: QuotaTexts): Quotas {
  const rules = KINDS.filter((kind) => texts[kind].limit !== "").map((kind) => {
    const { limit, burst, shadow } = texts[kind];
    const rule = {
      limit: Number(limit),
      ...(kind === "rate" && burst !== "" && { burst: Number(burst) }),
      shadow,
    };
    return [kind, rule];
  });
  return Object.fromEntries(rules) as Quotas;
}
