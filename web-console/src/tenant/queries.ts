import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";

const TENANT = ["tenant"];

export function useTenant() {
  return useQuery({ queryKey: TENANT, queryFn: () => answered(api.GET("/v1/tenant")) });
}

export function useChangeTenant() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: Schemas["TenantChange"]) => answered(api.PATCH("/v1/tenant", { body: change })),
    onSuccess: () => queries.invalidateQueries({ queryKey: TENANT }),
  });
}
