import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";
import { DELIVERIES } from "../deliveries/queries";

export type Schedule = Schemas["Schedule"];
export type NewSchedule = Schemas["NewSchedule"];

const SCHEDULES = ["schedules"];
const REFRESH_MS = 10_000;

export function useSchedules() {
  return useInfiniteQuery({
    queryKey: [...SCHEDULES, "list"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      answered(api.GET("/v1/schedules", { params: { query: { limit: 100, cursor } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: REFRESH_MS,
  });
}

/** The schedules of one function. The API lists all of a tenant's, which are few, so all are looked through. */
export function useSchedulesOf(name: string) {
  return useQuery({
    queryKey: [...SCHEDULES, "of", name],
    queryFn: async () => {
      const found: Schedule[] = [];
      let cursor: string | undefined;
      do {
        const page = await answered(api.GET("/v1/schedules", { params: { query: { limit: 100, cursor } } }));
        found.push(...page.data.filter((schedule) => schedule.function === name));
        cursor = page.next_cursor ?? undefined;
      } while (cursor);
      return found;
    },
    refetchInterval: REFRESH_MS,
  });
}

export function useCreateSchedule() {
  return useScheduleMutation((body: NewSchedule) => answered(api.POST("/v1/schedules", { body })));
}

export function useChangeSchedule(id: string) {
  return useScheduleMutation((body: Schemas["ScheduleChange"]) =>
    answered(api.PATCH("/v1/schedules/{id}", { params: { path: { id } }, body })),
  );
}

export function useDeleteSchedule(id: string) {
  return useScheduleMutation(() => answered(api.DELETE("/v1/schedules/{id}", { params: { path: { id } } })));
}

export function useRunSchedule(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answered(api.POST("/v1/schedules/{id}/run", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: DELIVERIES }),
  });
}

function useScheduleMutation<Wanted, Answer>(mutationFn: (wanted: Wanted) => Promise<Answer>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn, onSuccess: () => queries.invalidateQueries({ queryKey: SCHEDULES }) });
}
