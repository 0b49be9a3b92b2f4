import type { ReactNode } from "react";
import { formatBytes } from "../figures/bytes";
import { formatCount } from "../figures/count";
import { formatMicros } from "../figures/time";
import { OutcomeBadge } from "../invocations/outcome";
import { Code } from "../ui/code";
import { Facts } from "../ui/facts";
import type { Difference, RunSide } from "./queries";

/** Two runs beside each other, and where their outputs differ. */
export function TwoSides({
  before,
  after,
  titles,
  difference,
}: {
  before: RunSide;
  after: RunSide | null;
  titles: [before: string, after: string];
  difference: Difference;
}) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <div className="grid gap-4 lg:grid-cols-2">
        <Side title={titles[0]} side={before} />
        {after ? <Side title={titles[1]} side={after} /> : <p className="text-muted">It was not run.</p>}
      </div>
      <Places difference={difference} />
    </div>
  );
}

function Side({ title, side }: { title: string; side: RunSide }) {
  return (
    <section aria-label={title} className="grid grid-cols-[minmax(0,1fr)] content-start gap-2">
      <h3 className="flex flex-wrap items-center gap-2 font-medium">
        {title} <OutcomeBadge outcome={side.outcome} />
      </h3>
      <Facts
        facts={[
          ["Version", `v${side.version}`],
          ["Fuel", formatCount(side.fuel)],
          ["Memory, at most", formatBytes(side.memory_peak_bytes)],
          ["Time", formatMicros(side.duration_us)],
        ]}
      />
      {side.error && <p className="text-bad">{side.error.message}</p>}
      {side.output_left_out ? (
        <p className="text-muted">The output is too large to be kept here.</p>
      ) : side.output == null ? (
        <p className="text-muted">It wrote no output.</p>
      ) : (
        <Code text={shown(side.output)} label={`output of ${title.toLowerCase()}`} tall />
      )}
    </section>
  );
}

function Places({ difference }: { difference: Difference }) {
  if (difference.places.length === 0) return null;
  return (
    <div>
      <h3 className="mb-1.5 font-medium">Where the outputs differ</h3>
      <ul className="grid gap-1">
        {difference.places.map((place) => (
          <li key={place.pointer} className="flex flex-wrap items-baseline gap-x-2 break-words">
            <code className="text-muted">{place.pointer || "the whole"}</code>
            <Value>{place.before === undefined ? "nothing" : short(place.before)}</Value>
            <span aria-hidden>→</span>
            <span className="sr-only">became</span>
            <Value>{place.after === undefined ? "nothing" : short(place.after)}</Value>
          </li>
        ))}
      </ul>
      {difference.more && <p className="mt-1 text-muted">And more.</p>}
    </div>
  );
}

function Value({ children }: { children: ReactNode }) {
  return <code className="rounded-control bg-sunken px-1.5 break-all">{children}</code>;
}

function shown(output: unknown): string {
  return typeof output === "string" ? output : JSON.stringify(output, null, 2);
}

function short(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
