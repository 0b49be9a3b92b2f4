import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";

export type ApiKey = Schemas["ApiKey"];

const KEYS = ["api-keys"];

export function useKeys() {
  return useQuery({
    queryKey: KEYS,
    queryFn: () => answered(api.GET("/v1/api-keys")),
    select: (page) => page.data,
  });
}

export function useCreateKey() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (wanted: Schemas["NewKey"]) => answered(api.POST("/v1/api-keys", { body: wanted })),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEYS }),
  });
}

export function useRevokeKey() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id }: ApiKey) => answered(api.DELETE("/v1/api-keys/{id}", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEYS }),
  });
}
