import { Copyable } from "../ui/copyable";
import { Facts } from "../ui/facts";
import { ProblemNotice } from "../ui/notice";
import { PageHead, Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { When } from "../ui/when";
import { useTenant } from "./queries";
import { RetentionPanel } from "./retention-panel";

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
