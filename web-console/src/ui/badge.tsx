import type { ReactNode } from "react";

export type Tone = "good" | "bad" | "warn" | "accent" | "plain";

const TONES: Record<Tone, string> = {
  good: "bg-good-wash text-good",
  bad: "bg-bad-wash text-bad",
  warn: "bg-warn-wash text-warn",
  accent: "bg-accent-wash text-accent",
  plain: "bg-sunken text-muted border-line",
};

/** One word on the state of a thing. The word says it; the colour only repeats it. */
export function Badge({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={`inline-flex items-center gap-1 rounded-full border border-transparent px-2 py-px text-[12.5px] font-medium whitespace-nowrap ${TONES[tone]}`}
    >
      {children}
    </span>
  );
}
