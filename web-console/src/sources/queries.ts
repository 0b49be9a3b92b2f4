import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";

export type Source = Schemas["Source"];
export type SourceSecret = Schemas["SourceSecret"];

const SOURCES = ["sources"];

export function useSources() {
  return useInfiniteQuery({
    queryKey: [...SOURCES, "list"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      answered(api.GET("/v1/sources", { params: { query: { limit: 100, cursor } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function useSource(id: string) {
  return useQuery({
    queryKey: [...SOURCES, id],
    queryFn: () => answered(api.GET("/v1/sources/{id}", { params: { path: { id } } })),
  });
}

export function useCreateSource() {
  return useSourceMutation((body: Schemas["NewSource"]) => answered(api.POST("/v1/sources", { body })));
}

export function useChangeSource(id: string) {
  return useSourceMutation((body: Schemas["SourceChange"]) =>
    answered(api.PATCH("/v1/sources/{id}", { params: { path: { id } }, body })),
  );
}

export function useDeleteSource(id: string) {
  return useSourceMutation(() => answered(api.DELETE("/v1/sources/{id}", { params: { path: { id } } })));
}

export function useAddSecret(id: string) {
  return useSourceMutation((body: Schemas["NewSecret"]) =>
    answered(api.POST("/v1/sources/{id}/secrets", { params: { path: { id } }, body })),
  );
}

export function useRemoveSecret(id: string) {
  return useSourceMutation((secret: string) =>
    answered(api.DELETE("/v1/sources/{id}/secrets/{secret}", { params: { path: { id, secret } } })),
  );
}

function useSourceMutation<Wanted, Answer>(mutationFn: (wanted: Wanted) => Promise<Answer>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn, onSuccess: () => queries.invalidateQueries({ queryKey: SOURCES }) });
}
