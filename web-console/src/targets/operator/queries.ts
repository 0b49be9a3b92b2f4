import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, asPlatform, type Schemas } from "../../api/client";

const DEFINED = ["defined targets"];
const LIST = [...DEFINED, "list"];
const PAGE_MAX = 100;

const at = (target: string) => ({ params: { path: { target } } });

export function useDefinedTargets(platformKey: string) {
  return useInfiniteQuery({
    queryKey: LIST,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      answered(
        asPlatform(platformKey).GET("/v1/platform/targets", {
          params: { query: { limit: PAGE_MAX, cursor } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    gcTime: 0,
  });
}

export function useDefinedTarget(platformKey: string, target: string) {
  return useQuery({
    queryKey: [...DEFINED, "one", target],
    queryFn: () => answered(asPlatform(platformKey).GET("/v1/platform/targets/{target}", at(target))),
    gcTime: 0,
  });
}

export function useDefineTarget(platformKey: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["NewTarget"]) =>
      answered(asPlatform(platformKey).POST("/v1/platform/targets", { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: LIST }),
  });
}

/** Change all of a target but its name. */
export function useChangeTarget(platformKey: string, target: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["TargetDefinition"]) =>
      answered(asPlatform(platformKey).PUT("/v1/platform/targets/{target}", { ...at(target), body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: DEFINED }),
  });
}

export function useDeleteTarget(platformKey: string, target: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answered(asPlatform(platformKey).DELETE("/v1/platform/targets/{target}", at(target))),
    onSuccess: () => queries.invalidateQueries({ queryKey: LIST }),
  });
}
