import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, asPlatform } from "../../api/client";
import type { Quotas } from "../quota-form";

const tenantQuotas = (tenant: string) => ["operator", "quotas", tenant];
const at = (tenant: string) => ({ params: { path: { tenant } } });

/** What a tenant may take: by its plan, by the platform, and in effect. */
export function useTenantQuotas(platformKey: string, tenant: string) {
  return useQuery({
    queryKey: tenantQuotas(tenant),
    enabled: tenant !== "",
    queryFn: () => answered(asPlatform(platformKey).GET("/v1/platform/tenants/{tenant}/quotas", at(tenant))),
  });
}

export function usePutTenantQuotas(platformKey: string, tenant: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Quotas) =>
      answered(asPlatform(platformKey).PUT("/v1/platform/tenants/{tenant}/quotas", { ...at(tenant), body })),
    onSuccess: (view) => queries.setQueryData(tenantQuotas(tenant), view),
  });
}
