import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";

export type TargetSummary = Schemas["TargetSummary"];
export type Binding = Schemas["Binding"];

const TARGETS = ["targets"];

export function useTargets() {
  return useInfiniteQuery({
    queryKey: [...TARGETS, "list"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      answered(api.GET("/v1/targets", { params: { query: { limit: 100, cursor } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function useTarget(target: string) {
  return useQuery({
    queryKey: [...TARGETS, target],
    queryFn: () => answered(api.GET("/v1/targets/{target}", { params: { path: { target } } })),
  });
}

/** The functions that a call of the target runs, in their order. */
export function useBindings(target: string) {
  return useQuery({
    queryKey: [...TARGETS, target, "bindings"],
    queryFn: () => answered(api.GET("/v1/targets/{target}/bindings", { params: { path: { target } } })),
  });
}
