import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api } from "../api/client";
import { functionKey } from "../functions/queries";
import { useSay } from "../ui/toast";
import type { Json } from "./form";

const configKey = (name: string) => [...functionKey(name), "config"];

/** The settings in force, or `null` when none were ever saved. */
export function useConfig(name: string, configVersion: number) {
  return useQuery({
    queryKey: [...configKey(name), configVersion],
    queryFn: () =>
      configVersion === 0
        ? null
        : answered(api.GET("/v1/functions/{name}/config", { params: { path: { name } } })),
  });
}

export function useSaveConfig(name: string) {
  const queries = useQueryClient();
  const say = useSay();
  return useMutation({
    mutationFn: (config: Json) =>
      answered(api.PUT("/v1/functions/{name}/config", { params: { path: { name } }, body: config as never })),
    onSuccess: (saved) => {
      say(`Settings ${saved.config_version} are in force`);
      queries.setQueryData([...configKey(name), saved.config_version], saved);
      return queries.invalidateQueries({ queryKey: functionKey(name) });
    },
  });
}
