import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";
import { DELIVERIES } from "../deliveries/queries";

export type Schedule = Schemas["Schedule"];
export type NewSchedule = Schemas["NewSchedule"];

const SCHEDULES = ["schedules"];
const REFRESH_MS = 10_000;
/** Longer than between two keys. */
const TYPING_MS = 300;

/** Schedules, oldest first: of one function, or all. */
export function useSchedules(of?: string) {
  return useInfiniteQuery({
    queryKey: [...SCHEDULES, "list", of],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      answered(api.GET("/v1/schedules", { params: { query: { function: of, limit: 100, cursor } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: REFRESH_MS,
  });
}

/** When a rule would fire, asked once nobody types any more. Its error says what cannot be read. */
export function usePreview({ cron, timezone }: { cron: string; timezone: string }) {
  const isWritten = cron.trim() !== "" && timezone !== "";
  return useQuery({
    queryKey: [...SCHEDULES, "preview", cron, timezone],
    enabled: isWritten,
    placeholderData: isWritten ? keepPreviousData : undefined,
    queryFn: async ({ signal }) => {
      await typed(signal);
      const body = { cron, timezone };
      return { timezone, ...(await answered(api.POST("/v1/schedules/preview", { body, signal }))) };
    },
  });
}

/** A moment later, unless it is no longer wanted by then. */
function typed(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, TYPING_MS);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
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
