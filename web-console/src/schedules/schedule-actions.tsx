import { useNavigate } from "react-router";
import { problemOf, sentence } from "../api/problem";
import { Button } from "../ui/button";
import { useSay } from "../ui/toast";
import { type Schedule, useChangeSchedule, useRunSchedule } from "./queries";

/** What can be done with a schedule: run it now, pause it, change it, delete it. */
export function ScheduleActions({
  schedule,
  ask,
}: {
  schedule: Schedule;
  ask: (to: "change" | "delete") => void;
}) {
  const run = useRunSchedule(schedule.id);
  const change = useChangeSchedule(schedule.id);
  const navigate = useNavigate();
  const say = useSay();
  const refused = (thrown: unknown) => say(sentence(problemOf(thrown).detail));
  const runNow = () =>
    run.mutate(undefined, {
      onSuccess: ({ delivery_id }) =>
        say(`${schedule.function} runs now`, {
          label: "See the delivery",
          run: () => navigate(`/deliveries/${delivery_id}`),
        }),
      onError: refused,
    });
  const named = (verb: string) => `${verb} ${schedule.cron} of ${schedule.function}`;
  return (
    <span className="inline-flex justify-end gap-1 max-sm:flex-wrap max-sm:justify-start">
      <Button size="small" busy={run.isPending} onClick={runNow} aria-label={named("Run now")}>
        Run now
      </Button>
      <Button
        size="small"
        look="quiet"
        busy={change.isPending}
        onClick={() => change.mutate({ paused: !schedule.paused }, { onError: refused })}
        aria-label={named(schedule.paused ? "Resume" : "Pause")}
      >
        {schedule.paused ? "Resume" : "Pause"}
      </Button>
      <Button size="small" look="quiet" onClick={() => ask("change")} aria-label={named("Change")}>
        Change…
      </Button>
      <Button size="small" look="quiet" onClick={() => ask("delete")} aria-label={named("Delete")}>
        Delete…
      </Button>
    </span>
  );
}
