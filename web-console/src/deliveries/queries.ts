import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";
import type { paths } from "../api/schema";
import { fromOf } from "../invocations/filters";

export type Delivery = Schemas["Delivery"];
export type DeliveryDetail = Schemas["DeliveryDetail"];
export type Attempt = Schemas["Attempt"];
export type FailureGroup = Schemas["FailureGroup"];
export type DeliveryReplay = Schemas["DeliveryReplay"];
type Query = NonNullable<paths["/v1/deliveries"]["get"]["parameters"]["query"]>;

export const DELIVERIES = ["deliveries"];
const REFRESH_MS = 3_000;
const UNDER_WAY_MS = 1_000;

/** Deliveries, newest first. The first page follows what happens; further pages stand still. */
export function useDeliveries(search: URLSearchParams) {
  const text = (name: string) => search.get(name) ?? undefined;
  return useInfiniteQuery({
    queryKey: [...DELIVERIES, "list", String(search)],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) => {
      const query: Query = {
        status: text("status"),
        function: text("function"),
        subscription: text("subscription"),
        event: text("event"),
        replay: text("replay"),
        cause: text("cause"),
        from: fromOf(search.get("since"), new Date()),
        limit: 50,
        cursor,
      };
      return answered(api.GET("/v1/deliveries", { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) <= 1 ? REFRESH_MS : false),
  });
}

/** One delivery; while it has not ended, it is asked for again. */
export function useDelivery(id: string) {
  return useQuery({
    queryKey: [...DELIVERIES, id],
    queryFn: () => answered(api.GET("/v1/deliveries/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data?.ended_at === null ? UNDER_WAY_MS : false),
  });
}

/** Deliveries that died, in groups by function and cause. */
export function useFailures(since: string) {
  return useQuery({
    queryKey: [...DELIVERIES, "failures", since],
    queryFn: () =>
      answered(
        api.GET("/v1/deliveries/failures", { params: { query: { from: fromOf(since, new Date()) } } }),
      ),
    select: (page) => page.data,
    refetchInterval: REFRESH_MS,
  });
}

export function useCancelDelivery(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answered(api.POST("/v1/deliveries/{id}/cancel", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: DELIVERIES }),
  });
}

/** Delivers the event once more: a new delivery that names this one. */
export function useReplayDelivery(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answered(api.POST("/v1/deliveries/{id}/replay", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: DELIVERIES }),
  });
}

/** How many deliveries a batch of this group would replay; asked while somebody thinks about it. */
export function useReplayable(group: FailureGroup, wanted: boolean) {
  return useQuery({
    queryKey: [...DELIVERIES, "replayable", group.function, group.cause],
    enabled: wanted,
    queryFn: async () => {
      const body = { name: "how many", filter: filterOf(group), dry_run: true };
      const found = await answered(api.POST("/v1/deliveries/replay", { body }));
      return "example" in found ? found.total : 0;
    },
  });
}

/** Replays all deliveries of a group that were not replayed already, as a batch of this name. */
export function useReplayGroup(group: FailureGroup) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      answered(api.POST("/v1/deliveries/replay", { body: { name, filter: filterOf(group) } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: DELIVERIES }),
  });
}

function filterOf(group: FailureGroup): Schemas["DeliveryReplayFilter"] {
  return { function: group.function, cause: group.cause, status: "dead" };
}

/** The newest batches of replays, and how far each is. */
export function useReplays() {
  return useQuery({
    queryKey: [...DELIVERIES, "replays"],
    queryFn: () => answered(api.GET("/v1/deliveries/replays", { params: { query: { limit: 20 } } })),
    select: (page) => page.data,
    refetchInterval: REFRESH_MS,
  });
}

/** One batch of replays; none where the id is empty. */
export function useReplay(id: string) {
  return useQuery({
    queryKey: [...DELIVERIES, "replays", id],
    enabled: id !== "",
    queryFn: () => answered(api.GET("/v1/deliveries/replays/{id}", { params: { path: { id } } })),
  });
}

export function useCancelReplay() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      answered(api.POST("/v1/deliveries/replays/{id}/cancel", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: DELIVERIES }),
  });
}
