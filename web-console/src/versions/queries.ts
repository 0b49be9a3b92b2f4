import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";
import { problemOf, sentence } from "../api/problem";
import { FUNCTIONS, functionKey } from "../functions/queries";
import { useSay } from "../ui/toast";

export type Version = Schemas["Version"];
export type VersionDetail = Schemas["VersionDetail"];
export type Finding = Schemas["Finding"];
export type TestRun = Schemas["TestRun"];

export const versionsKey = (name: string) => [...functionKey(name), "versions"];

const COMPILING_POLL_MS = 1000;

/** Versions, newest first. While one is compiling, the list asks again. */
export function useVersions(name: string) {
  return useInfiniteQuery({
    queryKey: versionsKey(name),
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      answered(
        api.GET("/v1/functions/{name}/versions", {
          params: { path: { name }, query: { limit: 50, cursor } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: (query) =>
      query.state.data?.pages.some((page) => page.data.some((version) => version.status === "compiling"))
        ? COMPILING_POLL_MS
        : false,
  });
}

export function useVersion(name: string, version: number | null) {
  return useQuery({
    queryKey: [...versionsKey(name), version],
    enabled: version !== null,
    queryFn: () =>
      answered(
        api.GET("/v1/functions/{name}/versions/{version}", {
          params: { path: { name, version: version ?? 0 } },
        }),
      ),
  });
}

/** Point `live` at a version: promoting and rolling back are the same move, and so is undoing it. */
export function usePromote(name: string, live: number | null) {
  const queries = useQueryClient();
  const say = useSay();
  const move = useMutation({
    mutationFn: (version: number) =>
      answered(
        api.PUT("/v1/functions/{name}/aliases/{alias}", {
          params: { path: { name, alias: "live" } },
          body: { version },
        }),
      ),
    onSuccess: (_, version) => {
      const back = live !== null && live !== version;
      say(`v${version} is live`, back ? { label: "Undo", run: () => move.mutate(live) } : undefined);
      return queries.invalidateQueries({ queryKey: FUNCTIONS });
    },
    onError: (thrown) => say(sentence(problemOf(thrown).detail)),
  });
  return move;
}

export function useMoves(name: string) {
  return useQuery({
    queryKey: [...functionKey(name), "moves"],
    queryFn: () =>
      answered(
        api.GET("/v1/functions/{name}/aliases/{alias}/moves", { params: { path: { name, alias: "live" } } }),
      ),
  });
}

export function useTestRun(name: string) {
  return useMutation({
    mutationFn: ({ version, input }: { version: number; input: string }) =>
      answered(
        api.POST("/v1/functions/{name}/versions/{version}/test", {
          params: { path: { name, version } },
          body: { input },
          // The function gets its input as it was written: parsing it here would round numbers and drop zeros.
          bodySerializer: () => `{"input":${input}}`,
        }),
      ),
  });
}
