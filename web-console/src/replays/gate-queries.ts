import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";
import { ProblemError } from "../api/problem";
import { functionKey } from "../functions/queries";

export type Gate = Schemas["Gate"];
export type GateRequest = Schemas["GateRequest"];

const at = (name: string) => ({ params: { path: { name, alias: "live" } } });
const gateKey = (name: string) => [...functionKey(name), "gate"];

/** What the alias `live` asks of a version, or `null` when it asks nothing. */
export function useGate(name: string) {
  return useQuery({
    queryKey: gateKey(name),
    queryFn: async (): Promise<Gate | null> => {
      try {
        return await answered(api.GET("/v1/functions/{name}/aliases/{alias}/gate", at(name)));
      } catch (thrown) {
        if (thrown instanceof ProblemError && thrown.problem.code === "not_found") return null;
        throw thrown;
      }
    },
  });
}

export function useSetGate(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: GateRequest) =>
      answered(api.PUT("/v1/functions/{name}/aliases/{alias}/gate", { ...at(name), body })),
    onSuccess: (gate) => queries.setQueryData(gateKey(name), gate),
  });
}

export function useRemoveGate(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answered(api.DELETE("/v1/functions/{name}/aliases/{alias}/gate", at(name))),
    onSuccess: () => queries.setQueryData(gateKey(name), null),
  });
}
