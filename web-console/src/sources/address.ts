import type { Source } from "./queries";

/** Where a source's sender posts to: the console is served by the API that receives. */
export function addressOf(source: Pick<Source, "path">): string {
  return window.location.origin + source.path;
}
