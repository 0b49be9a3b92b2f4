// What the run log keeps, in words. The codes are the API's.

import type { Schemas } from "../api/client";

export type Retention = Schemas["Tenant"]["run_log_retention"];

export const RETENTIONS: Record<Retention, { label: string; note: string }> = {
  none: { label: "Nothing", note: "No input, output or log of any run. The receipt of each run stays." },
  errors: { label: "Errors only", note: "Input, output and log of the runs that did not end ok." },
  all: {
    label: "Everything",
    note: "Input, output and log of every run. They may hold your buyers' data: keep it as short as you need.",
  },
};
