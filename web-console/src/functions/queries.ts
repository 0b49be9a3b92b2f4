import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { answered, api, type Schemas } from "../api/client";
import { useSay } from "../ui/toast";

export type TenantFunction = Schemas["Function"];

/** Everything known of functions lies under this key, each function's own things under its name. */
export const FUNCTIONS = ["functions"];
export const functionKey = (name: string) => [...FUNCTIONS, name];

export function useFunctions() {
  return useInfiniteQuery({
    queryKey: [...FUNCTIONS, "list"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      answered(api.GET("/v1/functions", { params: { query: { limit: 100, cursor } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function useFunction(name: string) {
  return useQuery({
    queryKey: functionKey(name),
    queryFn: () => answered(api.GET("/v1/functions/{name}", { params: { path: { name } } })),
  });
}

export function useCreateFunction() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; target?: string }) => answered(api.POST("/v1/functions", { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: FUNCTIONS }),
  });
}

export function useKeepResults(name: string) {
  const queries = useQueryClient();
  const say = useSay();
  return useMutation({
    mutationFn: (memoise: boolean) =>
      answered(api.PATCH("/v1/functions/{name}", { params: { path: { name } }, body: { memoise } })),
    onSuccess: (changed) => {
      say(changed.memoise ? "Results are kept" : "Results are no longer kept");
      return queries.invalidateQueries({ queryKey: functionKey(name) });
    },
  });
}

/** Deletes a function, and leaves its pages before anything there asks for it again. */
export function useDeleteFunction(name: string) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const say = useSay();
  return useMutation({
    mutationFn: () => answered(api.DELETE("/v1/functions/{name}", { params: { path: { name } } })),
    onSuccess: async () => {
      say(`${name} is deleted`);
      await navigate("/functions");
      queries.removeQueries({ queryKey: functionKey(name) });
      await queries.invalidateQueries({ queryKey: [...FUNCTIONS, "list"] });
    },
  });
}
