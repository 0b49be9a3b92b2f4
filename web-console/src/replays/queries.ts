import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";
import { functionKey } from "../functions/queries";

export type Replay = Schemas["Replay"];
export type ReplayBatch = Schemas["ReplayBatch"];
export type ReplayResult = Schemas["ReplayResult"];
export type RunSide = Schemas["RunSide"];
export type Difference = Schemas["Difference"];

const PROGRESS_MS = 700;

const batchesKey = (name: string) => [...functionKey(name), "replays"];

/** Runs a recorded run again, on its own version or another. */
export function useReplay(id: string) {
  return useMutation({
    mutationFn: (version: number) =>
      answered(api.POST("/v1/invocations/{id}/replay", { params: { path: { id } }, body: { version } })),
  });
}

/** Shadow runs of a function, the newest first. While one goes on, the list asks again. */
export function useBatches(name: string) {
  return useQuery({
    queryKey: batchesKey(name),
    queryFn: () =>
      answered(api.GET("/v1/functions/{name}/replays", { params: { path: { name }, query: { limit: 20 } } })),
    refetchInterval: (query) =>
      query.state.data?.data.some((batch) => batch.ended_at === null) ? PROGRESS_MS : false,
  });
}

export interface NewBatch {
  version: number;
  against: number | "recorded";
  last: number;
}

export function useStartBatch(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: NewBatch) =>
      answered(api.POST("/v1/functions/{name}/replays", { params: { path: { name } }, body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: batchesKey(name) }),
  });
}

export function useCancelBatch(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      answered(api.POST("/v1/functions/{name}/replays/{id}/cancel", { params: { path: { name, id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: batchesKey(name) }),
  });
}

/** The worst runs of a batch; more are asked for as it goes on. */
export function useResults(name: string, batch: ReplayBatch) {
  return useQuery({
    queryKey: [...batchesKey(name), batch.id, batch.done],
    enabled: batch.done > 0,
    placeholderData: (before) => before,
    queryFn: () =>
      answered(
        api.GET("/v1/functions/{name}/replays/{id}/results", {
          params: { path: { name, id: batch.id }, query: { limit: 50 } },
        }),
      ),
  });
}
