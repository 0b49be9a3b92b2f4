import { useState } from "react";
import { Link } from "react-router";
import { clockTime } from "../figures/time";
import { Badge } from "../ui/badge";
import { Confirm } from "../ui/confirm";
import { type Column, Table } from "../ui/table";
import { useSay } from "../ui/toast";
import { When } from "../ui/when";
import { ChangeSchedule } from "./edit-schedule";
import { type Schedule, useDeleteSchedule } from "./queries";
import { ruleInWords } from "./rules";
import { ScheduleActions } from "./schedule-actions";

const FUNCTION: Column<Schedule> = {
  head: "Function",
  cell: (row) => (
    <Link
      to={`/functions/${row.function}/triggers`}
      className="font-medium hover:text-accent hover:underline"
    >
      {row.function}
    </Link>
  ),
};

/** Schedules, with when they fire next and what can be done with them. */
export function ScheduleTable({ rows, ofOne = false }: { rows: Schedule[]; ofOne?: boolean }) {
  const [asked, setAsked] = useState<{ to: "change" | "delete"; of: Schedule } | null>(null);
  const close = () => setAsked(null);
  return (
    <>
      <Table<Schedule>
        stacked
        caption="Schedules"
        rows={rows}
        rowKey={(row) => row.id}
        columns={[
          ...(ofOne ? [] : [FUNCTION]),
          { head: "Rule", cell: (row) => <Rule of={row} /> },
          { head: "Fires next", cell: (row) => <FiresNext of={row} /> },
          {
            head: "Fired",
            figures: true,
            narrow: true,
            cell: (row) =>
              row.last_run_at ? <When at={row.last_run_at} /> : <span className="text-muted">not yet</span>,
          },
          {
            head: "Actions",
            onPhone: "whole",
            figures: true,
            narrow: true,
            cell: (row) => <ScheduleActions schedule={row} ask={(to) => setAsked({ to, of: row })} />,
          },
        ]}
      />
      {asked?.to === "change" && <ChangeSchedule schedule={asked.of} onClose={close} />}
      {asked?.to === "delete" && <Deleting schedule={asked.of} onClose={close} />}
    </>
  );
}

function Rule({ of: schedule }: { of: Schedule }) {
  const words = ruleInWords(schedule.cron);
  return (
    <>
      {words && <span className="block">{words}</span>}
      <code className="font-mono text-[13px] whitespace-nowrap">{schedule.cron}</code>{" "}
      <span className="text-[13px] whitespace-nowrap text-muted">{schedule.timezone}</span>
    </>
  );
}

function FiresNext({ of: schedule }: { of: Schedule }) {
  const [next] = schedule.next_runs;
  if (schedule.paused) {
    return (
      <>
        <Badge tone="warn">paused</Badge>
        {schedule.paused_because && (
          <span className="mt-0.5 block text-[13px] text-muted">{schedule.paused_because}</span>
        )}
      </>
    );
  }
  if (!next) return <span className="text-muted">never again</span>;
  return (
    <>
      <span className="block whitespace-nowrap">{clockTime(next, schedule.timezone)}</span>
      <span className="text-[13px] text-muted">
        <When at={next} />
      </span>
    </>
  );
}

function Deleting({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const remove = useDeleteSchedule(schedule.id);
  const say = useSay();
  return (
    <Confirm
      open
      onClose={onClose}
      title={`Delete this schedule of ${schedule.function}?`}
      action="Delete"
      keep="Keep it"
      doing={{
        ...remove,
        mutate: () =>
          remove.mutate(undefined, {
            onSuccess: () => {
              say("The schedule is deleted");
              onClose();
            },
          }),
      }}
    >
      <p>It fires no more. What it has fired already is still delivered.</p>
    </Confirm>
  );
}
