import { Badge, type Tone } from "../ui/badge";
import type { ReplayResult } from "./queries";

/** What a run says about a version, in words. The codes are the API's. */
export const CLASSES: Record<ReplayResult["class"], { label: string; tone: Tone }> = {
  newly_failing: { label: "newly failing", tone: "bad" },
  differs: { label: "differs", tone: "warn" },
  not_comparable: { label: "not comparable", tone: "plain" },
  newly_passing: { label: "newly passing", tone: "accent" },
  same: { label: "same", tone: "good" },
};

export function ClassBadge({ of }: { of: ReplayResult["class"] }) {
  return <Badge tone={CLASSES[of].tone}>{CLASSES[of].label}</Badge>;
}
