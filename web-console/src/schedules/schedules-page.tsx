import { Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "../ui/button";
import { Empty } from "../ui/empty";
import { Paged } from "../ui/paged";
import { PageHead } from "../ui/panel";
import { CreateSchedule } from "./edit-schedule";
import { useSchedules } from "./queries";
import { ScheduleTable } from "./schedule-table";

/** The schedules of every function. */
export function SchedulesPage() {
  const schedules = useSchedules();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <PageHead
        title="Schedules"
        note="They run functions by the clock of a zone, once, whoever is there to fire them."
        actions={
          <Button look="primary" onClick={() => setCreating(true)}>
            <Plus className="size-4" aria-hidden />
            Create a schedule
          </Button>
        }
      />
      <Paged
        list={schedules}
        empty={
          <Empty title="No schedules yet">
            Create one, and a function runs every night, every hour, or on the first Monday of the month.
          </Empty>
        }
      >
        {(rows) => <ScheduleTable rows={rows} />}
      </Paged>
      <CreateSchedule open={creating} onClose={() => setCreating(false)} />
    </>
  );
}
