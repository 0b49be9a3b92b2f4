import { Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "../ui/button";
import { Empty } from "../ui/empty";
import { Paged } from "../ui/paged";
import { CreateSchedule } from "./edit-schedule";
import { useSchedules } from "./queries";
import { ScheduleTable } from "./schedule-table";

/** The schedules that run one function. */
export function FunctionSchedules({ name }: { name: string }) {
  const schedules = useSchedules(name);
  const [creating, setCreating] = useState(false);
  return (
    <>
      <Paged
        title="Schedules"
        note="The clock that runs this function."
        actions={
          <Button look="primary" onClick={() => setCreating(true)}>
            <Plus className="size-4" aria-hidden />
            Schedule
          </Button>
        }
        list={schedules}
        empty={
          <Empty title="No schedule runs it">
            Schedule it, and it runs every night, every hour, or on weekdays at nine.
          </Empty>
        }
      >
        {(rows) => <ScheduleTable ofOne rows={rows} />}
      </Paged>
      <CreateSchedule of={name} open={creating} onClose={() => setCreating(false)} />
    </>
  );
}
