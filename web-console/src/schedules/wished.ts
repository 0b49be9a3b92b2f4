// What somebody writes into the form of a schedule, and what of it goes to the API.

import type { Schemas } from "../api/client";
import type { NewSchedule, Schedule } from "./queries";
import { READERS_ZONE } from "./zones";

export interface Wished {
  function: string;
  cron: string;
  timezone: string;
  missed: NonNullable<NewSchedule["missed"]>;
  /** JSON, as it is written. */
  input: string;
}

/** What the form begins with: a schedule that there is, or a wish to change. */
export function wishedOf(before: Schedule | undefined, name = ""): Wished {
  return {
    function: before?.function ?? name,
    cron: before?.cron ?? "30 2 * * *",
    timezone: before?.timezone ?? READERS_ZONE,
    missed: before?.missed ?? "once",
    input: JSON.stringify(before?.input ?? {}),
  };
}

/** A new schedule. */
export function newOf({ input, ...rest }: Wished): NewSchedule {
  return { ...rest, input: JSON.parse(input) };
}

/** What differs: an input that nobody touched stays as it was written, and a rule keeps its next firing. */
export function changesOf(wished: Wished, before: Wished): Schemas["ScheduleChange"] {
  const { input, ...rest } = wished;
  const named = Object.entries(rest).filter(([member, value]) => value !== before[member as keyof Wished]);
  return {
    ...Object.fromEntries(named),
    ...(input !== before.input && { input: JSON.parse(input) }),
  };
}
