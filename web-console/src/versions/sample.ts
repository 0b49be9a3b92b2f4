import type { VersionDetail } from "./queries";

/** The input to begin with: the sample that the module carries, or an empty object. */
export function sampleOf(version: VersionDetail | undefined): string {
  return JSON.stringify(version?.sample ?? {}, null, 2);
}
