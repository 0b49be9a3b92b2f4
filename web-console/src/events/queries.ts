import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";
import { DELIVERIES } from "../deliveries/queries";
import { fromOf } from "../invocations/filters";

export type Event = Schemas["Event"];
export type EventDetail = Schemas["EventDetail"];

const EVENTS = ["events"];
const REFRESH_MS = 5_000;

/** Events, newest first. The first page follows what happens; further pages stand still. */
export function useEvents(search: URLSearchParams) {
  return useInfiniteQuery({
    queryKey: [...EVENTS, "list", String(search)],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      answered(
        api.GET("/v1/events", {
          params: {
            query: {
              type: search.get("type") ?? undefined,
              source: search.get("source") ?? undefined,
              from: fromOf(search.get("since"), new Date()),
              limit: 50,
              cursor,
            },
          },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) <= 1 ? REFRESH_MS : false),
  });
}

export function useEvent(id: string) {
  return useQuery({
    queryKey: [...EVENTS, id],
    queryFn: () => answered(api.GET("/v1/events/{id}", { params: { path: { id } } })),
  });
}

/** Makes a new event of this one, with other data or the same. */
export function useSendAgain(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["Edited"]) =>
      answered(api.POST("/v1/events/{id}/send", { params: { path: { id } }, body })),
    onSuccess: () => {
      queries.invalidateQueries({ queryKey: DELIVERIES });
      return queries.invalidateQueries({ queryKey: [...EVENTS, "list"] });
    },
  });
}
