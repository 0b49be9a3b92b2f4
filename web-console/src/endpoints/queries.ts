import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";
import { MESSAGES } from "../messages/queries";

export type Endpoint = Schemas["Endpoint"];
export type EndpointDetail = Schemas["EndpointDetail"];
export type Notice = Schemas["Notice"];

const ENDPOINTS = ["endpoints"];

export function useEndpoints() {
  return useInfiniteQuery({
    queryKey: [...ENDPOINTS, "list"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      answered(api.GET("/v1/endpoints", { params: { query: { limit: 100, cursor } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function useEndpoint(id: string) {
  return useQuery({
    queryKey: [...ENDPOINTS, id],
    queryFn: () => answered(api.GET("/v1/endpoints/{id}", { params: { path: { id } } })),
  });
}

export function useCreateEndpoint() {
  return useEndpointMutation((body: Schemas["NewEndpoint"]) => answered(api.POST("/v1/endpoints", { body })));
}

export function useChangeEndpoint(id: string) {
  return useEndpointMutation((body: Schemas["EndpointChange"]) =>
    answered(api.PATCH("/v1/endpoints/{id}", { params: { path: { id } }, body })),
  );
}

export function useDeleteEndpoint(id: string) {
  return useEndpointMutation(() => answered(api.DELETE("/v1/endpoints/{id}", { params: { path: { id } } })));
}

export function useRotateSecret(id: string) {
  return useEndpointMutation(() =>
    answered(api.POST("/v1/endpoints/{id}/secrets", { params: { path: { id } } })),
  );
}

export function useTestEndpoint(id: string) {
  return useEndpointMutation(() =>
    answered(api.POST("/v1/endpoints/{id}/test", { params: { path: { id } } })),
  );
}

function useEndpointMutation<Wanted, Answer>(mutationFn: (wanted: Wanted) => Promise<Answer>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: () => {
      queries.invalidateQueries({ queryKey: MESSAGES });
      return queries.invalidateQueries({ queryKey: ENDPOINTS });
    },
  });
}
