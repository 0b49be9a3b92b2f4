// The filters of the live log, as they stand in the address.

import type { Filter } from "./use-live-logs";

export const LEVELS = ["debug", "info", "warn", "error"];
export const FILTERS = ["level", "text", "version", "outcome"];

/** What to ask the API for. */
export function filterOf(search: URLSearchParams): Filter {
  const version = search.get("version") ?? "";
  return {
    level: search.get("level") || undefined,
    text: search.get("text")?.slice(0, 200) || undefined,
    version: /^[1-9]\d{0,8}$/.test(version) ? Number(version) : undefined,
    outcome: search.get("outcome") || undefined,
  };
}
