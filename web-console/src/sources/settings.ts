// What differs from one sender to the next: which of it a scheme looks at, and what it is called.

import type { Schemas } from "../api/client";
import type { Scheme } from "./schemes";

export type SettingName = keyof Schemas["Settings"];
/** As they are written into a form. */
export type Settings = Partial<Record<SettingName, string>>;

/** The senders of Shopify and GitHub name everything that there is to know. */
const USED: Record<Scheme, readonly SettingName[]> = {
  standard_webhooks: ["event_type"],
  shopify: [],
  github: [],
  hmac: [
    "signature_header",
    "prefix",
    "signed",
    "timestamp_header",
    "id_header",
    "type_header",
    "event_type",
    "algorithm",
    "encoding",
  ],
};

export const LABELS: Record<SettingName, string> = {
  signature_header: "Header with the signature",
  prefix: "What stands before it",
  signed: "What is signed",
  timestamp_header: "Header with the time",
  id_header: "Header with the id",
  type_header: "Header with the type",
  event_type: "Type of events without one",
  algorithm: "Hash",
  encoding: "Written in",
};

/** The settings that a scheme looks at, in the order in which they are asked for. */
export function usedBy(scheme: Scheme): readonly SettingName[] {
  return USED[scheme];
}

/** What was filled in of a scheme's settings; the API has defaults for the rest. */
export function filledOf(settings: Settings, scheme: Scheme): Schemas["Settings"] {
  const filled = usedBy(scheme).flatMap((name) => (settings[name] ? [[name, settings[name]]] : []));
  return Object.fromEntries(filled) as Schemas["Settings"];
}

/** Settings as a page shows them: what is not set is left out. */
export function inWords(scheme: Scheme, settings: Partial<Schemas["Settings"]>): [string, string][] {
  return usedBy(scheme).flatMap((name) => (settings[name] ? [[LABELS[name], settings[name]]] : []));
}
