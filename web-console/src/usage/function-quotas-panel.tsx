import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { useSay } from "../ui/toast";
import { useFunctionQuotas, usePutFunctionQuotas } from "./queries";
import { QuotaEditor } from "./quota-editor";

/** What one function may take, beside what its tenant may. */
export function FunctionQuotasPanel({ name }: { name: string }) {
  const quotas = useFunctionQuotas(name);
  const put = usePutFunctionQuotas(name);
  const say = useSay();
  if (quotas.isError) return <ProblemNotice thrown={quotas.error} retry={() => quotas.refetch()} />;
  return (
    <Panel
      title="Quotas of its own"
      note="They hold beside the tenant's: a run must be within both. What is left empty is not limited here."
    >
      {quotas.isPending ? (
        <Skeleton lines={3} />
      ) : (
        <QuotaEditor
          before={quotas.data}
          none="no rule"
          save="Save quotas"
          saving={{
            ...put,
            mutate: (rules) => put.mutate(rules, { onSuccess: () => say(`Quotas of ${name} are in force`) }),
          }}
        />
      )}
    </Panel>
  );
}
