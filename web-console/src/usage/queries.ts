import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";
import type { paths } from "../api/schema";
import { functionKey } from "../functions/queries";

export type UsageRow = Schemas["UsageRow"];
export type UsageQuery = NonNullable<paths["/v1/usage"]["get"]["parameters"]["query"]>;

export function useUsage(query: UsageQuery) {
  return useQuery({
    queryKey: ["usage", query],
    queryFn: () => answered(api.GET("/v1/usage", { params: { query } })),
    // As text it comes to those who ask for CSV or NDJSON, which this does not.
    select: (page) => (typeof page === "string" ? [] : page.data),
  });
}

export type QuotaState = Schemas["QuotaState"];

export function useQuotas() {
  return useQuery({
    queryKey: ["quotas"],
    queryFn: () => answered(api.GET("/v1/quotas")),
    select: (page) => page.data,
    // What is left changes by the second.
    refetchInterval: 5_000,
  });
}

export function useEstimate() {
  return useQuery({ queryKey: ["estimate"], queryFn: () => answered(api.GET("/v1/billing/estimate")) });
}

const functionQuotas = (name: string) => [...functionKey(name), "quotas"];

export function useFunctionQuotas(name: string) {
  return useQuery({
    queryKey: functionQuotas(name),
    queryFn: () => answered(api.GET("/v1/functions/{name}/quotas", { params: { path: { name } } })),
  });
}

/** Puts all of a function's own rules anew. */
export function usePutFunctionQuotas(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["Quotas"]) =>
      answered(api.PUT("/v1/functions/{name}/quotas", { params: { path: { name } }, body })),
    onSuccess: (saved) => {
      queries.setQueryData(functionQuotas(name), saved);
      return queries.invalidateQueries({ queryKey: ["quotas"] });
    },
  });
}
