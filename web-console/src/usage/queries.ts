import { useQuery } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";
import type { paths } from "../api/schema";

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

export function useEstimate() {
  return useQuery({ queryKey: ["estimate"], queryFn: () => answered(api.GET("/v1/billing/estimate")) });
}
