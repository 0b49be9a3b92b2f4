import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, asPlatform, type Schemas } from "../api/client";

export type Executor = Schemas["Executor"];

const FLEET = ["fleet"];
/** As often as executors report. */
const REPORT_MS = 3_000;
const PAGE_MAX = 100;

/** Every executor, by the platform's key, for as long as the page is open. */
export function useFleet(platformKey: string) {
  return useQuery({
    queryKey: FLEET,
    queryFn: () => everyExecutor(platformKey),
    refetchInterval: REPORT_MS,
    gcTime: 0,
  });
}

async function everyExecutor(platformKey: string): Promise<Executor[]> {
  const all: Executor[] = [];
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? { limit: PAGE_MAX } : { limit: PAGE_MAX, cursor };
    const page = await answered(asPlatform(platformKey).GET("/v1/platform/fleet", { params: { query } }));
    all.push(...page.data);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return all;
}

/** Drain an executor, or put it back. */
export function useDrain(platformKey: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ executor, drain }: { executor: Executor; drain: boolean }) => {
      const as = asPlatform(platformKey);
      const params = { params: { path: { id: executor.id } } };
      return answered(
        drain
          ? as.POST("/v1/platform/fleet/{id}/drain", params)
          : as.POST("/v1/platform/fleet/{id}/undrain", params),
      );
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: FLEET }),
  });
}
