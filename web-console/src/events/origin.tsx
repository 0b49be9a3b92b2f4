import { Link } from "react-router";
import type { Event } from "./queries";

/** Who sent an event: a source, a schedule, or the platform. */
export function Origin({ of: event }: { of: Event }) {
  if (event.schedule_id) {
    return (
      <Link to="/schedules" className="hover:text-accent hover:underline">
        a schedule
      </Link>
    );
  }
  return event.source ?? <span className="text-muted">the platform</span>;
}
