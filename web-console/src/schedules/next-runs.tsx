import { clockTime } from "../figures/time";
import { When } from "../ui/when";
import type { Schedule } from "./queries";
import { READERS_ZONE } from "./zones";

/** The next firings, by the schedule's own clock, and by the reader's where that differs. */
export function NextRuns({ of: schedule }: { of: Schedule }) {
  const isAbroad = schedule.timezone !== READERS_ZONE;
  return (
    <ol className="grid gap-1.5">
      {schedule.next_runs.map((at) => (
        <li key={at} className="figures flex flex-wrap gap-x-3">
          <span>{clockTime(at, schedule.timezone)}</span>
          <span className="text-muted">
            <When at={at} />
            {isAbroad && `, by your clock ${clockTime(at)}`}
          </span>
        </li>
      ))}
    </ol>
  );
}
