// What a key may be used for, in words. The codes are the API's.

import type { Schemas } from "../api/client";

export type Scope = NonNullable<Schemas["NewKey"]["scopes"]>[number];

export const SCOPES: Record<Scope, { label: string; note: string }> = {
  invoke: { label: "Run functions", note: "Call your functions. This is what a shop or a backend needs." },
  read: { label: "Read", note: "See functions, runs, usage and the bill." },
  deploy: {
    label: "Deploy",
    note: "Create functions, upload and promote versions, change settings. For CI.",
  },
};
