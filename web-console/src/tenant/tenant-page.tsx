import { Copyable } from "../ui/copyable";
import { Facts } from "../ui/facts";
import { ProblemNotice } from "../ui/notice";
import { PageHead, Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { useSay } from "../ui/toast";
import { When } from "../ui/when";
import { useChangeTenant, useTenant } from "./queries";
import { RETENTIONS, type Retention } from "./retention";

export function TenantPage() {
  const tenant = useTenant();
  if (tenant.isError) return <ProblemNotice thrown={tenant.error} retry={() => tenant.refetch()} />;
  if (tenant.isPending) return <Skeleton lines={6} />;
  const { data } = tenant;
  return (
    <>
      <PageHead title="Settings" note="They hold for every function of this tenant." />
      <div className="grid gap-5">
        <RetentionPanel current={data.run_log_retention} />
        <Panel title="Tenant">
          <Facts
            facts={[
              ["Name", <Copyable key="slug" text={data.slug} what="tenant's name" />],
              ["Id", <Copyable key="id" text={data.id} what="tenant id" />],
              ["Functions are called at", <Copyable key="url" text={data.invoke_url} what="address" />],
              ["Created", <When key="created" at={data.created_at} />],
            ]}
          />
        </Panel>
      </div>
    </>
  );
}

function RetentionPanel({ current }: { current: Retention }) {
  const change = useChangeTenant();
  const say = useSay();
  const chosen = change.isPending ? change.variables.run_log_retention : current;
  return (
    <Panel
      title="Run log"
      note="What is kept of a run beside its receipt. A change counts for the runs after it."
    >
      <fieldset className="grid max-w-[44rem] gap-2" disabled={change.isPending}>
        <legend className="sr-only">What the run log keeps</legend>
        {(Object.keys(RETENTIONS) as Retention[]).map((retention) => (
          <label
            key={retention}
            className="flex cursor-pointer items-start gap-3 rounded-control border border-line px-3.5 py-2.5 transition-colors hover:border-edge has-[:checked]:border-accent has-[:checked]:bg-accent-wash has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-accent"
          >
            <input
              type="radio"
              name="retention"
              className="mt-1 accent-accent outline-none"
              checked={chosen === retention}
              onChange={() =>
                change.mutate(
                  { run_log_retention: retention },
                  { onSuccess: () => say(`The run log keeps: ${RETENTIONS[retention].label.toLowerCase()}`) },
                )
              }
            />
            <span>
              <span className="block font-medium">{RETENTIONS[retention].label}</span>
              <span className="block text-[13.5px] text-muted">{RETENTIONS[retention].note}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {change.isError && (
        <div className="mt-4">
          <ProblemNotice thrown={change.error} />
        </div>
      )}
    </Panel>
  );
}
