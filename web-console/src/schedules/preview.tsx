import { placesOf } from "../api/problem";
import { clockTime } from "../figures/time";
import { ProblemNotice } from "../ui/notice";
import { When } from "../ui/when";
import type { usePreview } from "./queries";
import { READERS_ZONE } from "./zones";

/** When the rule in the form fires next, by its own clock, and by the reader's where that differs. */
export function Preview({ of: preview }: { of: ReturnType<typeof usePreview> }) {
  return (
    <section aria-label="Fires next" aria-busy={preview.isFetching} className="grid gap-1.5">
      <h3 className="text-[14.5px]">Fires next</h3>
      <Next of={preview} />
    </section>
  );
}

function Next({ of: preview }: { of: ReturnType<typeof usePreview> }) {
  if (preview.isError) {
    // What is wrong with the rule stands beside its field.
    const isOfRule = Object.keys(placesOf(preview.error)).length > 0;
    if (isOfRule) return <p className="text-[13px] text-muted">Never, as it stands above.</p>;
    return <ProblemNotice thrown={preview.error} retry={() => preview.refetch()} />;
  }
  if (!preview.data)
    return <p className="text-[13px] text-muted">Write a rule, and its next five times show.</p>;
  const { next, timezone } = preview.data;
  return (
    <ol className="grid gap-1">
      {next.map((at) => (
        <li key={at} className="figures flex flex-wrap items-baseline gap-x-3">
          <span>{clockTime(at, timezone)}</span>
          <span className="text-[13px] text-muted">
            {timezone === READERS_ZONE ? <When at={at} /> : `by yours ${clockTime(at)}`}
          </span>
        </li>
      ))}
    </ol>
  );
}
