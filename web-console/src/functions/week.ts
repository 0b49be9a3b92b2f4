import { useUsage } from "../usage/queries";

const DAY_MS = 86_400_000;
const DAYS = 7;

export interface Week {
  invocations: number;
  errors: number;
  /** One sum a day, the oldest first, today last. */
  perDay: number[];
}

/** The runs of each function in the last seven days, today included. */
export function useWeek(): { of: (name: string) => Week } {
  const today = new Date().setUTCHours(0, 0, 0, 0);
  const from = today - (DAYS - 1) * DAY_MS;
  const { data: rows } = useUsage({
    from: new Date(from).toISOString(),
    to: new Date(today + DAY_MS).toISOString(),
    granularity: "day",
    group_by: "function",
  });
  return {
    of: (name) => {
      const week: Week = { invocations: 0, errors: 0, perDay: Array(DAYS).fill(0) };
      for (const row of rows ?? []) {
        if (row.function !== name) continue;
        week.invocations += row.invocations;
        week.errors += row.errors;
        const day = Math.floor((new Date(row.from).getTime() - from) / DAY_MS);
        if (day >= 0 && day < DAYS) week.perDay[day] = (week.perDay[day] ?? 0) + row.invocations;
      }
      return week;
    },
  };
}
