import { Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "../ui/button";
import { Empty } from "../ui/empty";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { TableSkeleton } from "../ui/skeleton";
import { CreateSchedule } from "./create-schedule";
import { useSchedulesOf } from "./queries";
import { ScheduleTable } from "./schedule-table";

/** The schedules that run one function. */
export function FunctionSchedules({ name }: { name: string }) {
  const schedules = useSchedulesOf(name);
  const [creating, setCreating] = useState(false);
  return (
    <Panel
      flush
      title="Schedules"
      note="The clock that runs this function."
      actions={
        <Button look="primary" onClick={() => setCreating(true)}>
          <Plus className="size-4" aria-hidden />
          Schedule
        </Button>
      }
    >
      {schedules.isError ? (
        <div className="px-5 pb-5">
          <ProblemNotice thrown={schedules.error} retry={() => schedules.refetch()} />
        </div>
      ) : schedules.isPending ? (
        <TableSkeleton rows={2} />
      ) : schedules.data.length > 0 ? (
        <ScheduleTable ofOne rows={schedules.data} />
      ) : (
        <Empty title="No schedule runs it">
          Schedule it, and it runs every night, every hour, or on weekdays at nine.
        </Empty>
      )}
      <CreateSchedule of={name} open={creating} onClose={() => setCreating(false)} />
    </Panel>
  );
}
