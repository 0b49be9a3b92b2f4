import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";

export type TargetSummary = Schemas["TargetSummary"];
export type Binding = Schemas["Binding"];
export type NewBinding = Schemas["NewBinding"];

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

/** Puts the whole list anew. */
export function usePutBindings(target: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: NewBinding[]) =>
      answered(api.PUT("/v1/targets/{target}/bindings", { params: { path: { target } }, body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: [...TARGETS, target, "bindings"] }),
  });
}
