import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";
import { ProblemError } from "../api/problem";
import { queryOf } from "./filters";

export type Invocation = Schemas["Invocation"];
export type InvocationDetail = Schemas["InvocationDetail"];

const REFRESH_MS = 5_000;
/** A run is in the list within 2 s of its answer: so long it may be unknown still. */
const SETTLING_TRIES = 4;
const SETTLING_MS = 700;

/** Whether the run's log is to be kept and is not here yet. */
export function isOnItsWay(run: InvocationDetail): boolean {
  return run.log_status === "retained" && run.log === null;
}

/** Runs, newest first. The first page follows what happens; further pages stand still. */
export function useInvocations(search: URLSearchParams) {
  return useInfiniteQuery({
    queryKey: ["invocations", String(search)],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      answered(
        api.GET("/v1/invocations", {
          params: { query: { ...queryOf(search, new Date()), limit: 50, cursor } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) <= 1 ? REFRESH_MS : false),
  });
}

export function useInvocation(id: string) {
  return useQuery({
    queryKey: ["invocation", id],
    queryFn: () => answered(api.GET("/v1/invocations/{id}", { params: { path: { id } } })),
    retry: (failures, thrown) =>
      failures < SETTLING_TRIES && thrown instanceof ProblemError && thrown.problem.code === "not_found",
    retryDelay: SETTLING_MS,
    // A log that is kept may come in a moment after the record of its run.
    refetchInterval: (query) => (query.state.data && isOnItsWay(query.state.data) ? SETTLING_MS : false),
  });
}
