import { useState } from "react";
import { useNavigate } from "react-router";
import { problemOf, sentence } from "../api/problem";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { useSay } from "../ui/toast";
import { NextRuns } from "./next-runs";
import { type Schedule, useChangeSchedule, useRunSchedule } from "./queries";

/** What can be done with a schedule: see when it fires, run it now, pause it, delete it. */
export function ScheduleActions({ schedule, onDelete }: { schedule: Schedule; onDelete: () => void }) {
  const run = useRunSchedule(schedule.id);
  const change = useChangeSchedule(schedule.id);
  const [showing, setShowing] = useState(false);
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
    <span className="inline-flex justify-end gap-1">
      <Button size="small" busy={run.isPending} onClick={runNow} aria-label={named("Run now")}>
        Run now
      </Button>
      {!schedule.paused && (
        <Button
          size="small"
          look="quiet"
          onClick={() => setShowing(true)}
          aria-label={named("Next five times of")}
        >
          Next five
        </Button>
      )}
      <Button
        size="small"
        look="quiet"
        busy={change.isPending}
        onClick={() => change.mutate({ paused: !schedule.paused }, { onError: refused })}
        aria-label={named(schedule.paused ? "Resume" : "Pause")}
      >
        {schedule.paused ? "Resume" : "Pause"}
      </Button>
      <Button size="small" look="quiet" onClick={onDelete} aria-label={named("Delete")}>
        Delete…
      </Button>
      <Dialog
        title={`${schedule.function} runs next`}
        open={showing && !schedule.paused}
        onClose={() => setShowing(false)}
      >
        <p className="text-muted">By the clock of {schedule.timezone}.</p>
        <NextRuns of={schedule} />
      </Dialog>
    </span>
  );
}
