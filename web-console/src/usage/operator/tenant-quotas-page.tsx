import { useState } from "react";
import { OperatorPage } from "../../operator/operator-page";
import { useAddress } from "../../ui/address";
import { Button } from "../../ui/button";
import { TextField } from "../../ui/field";
import { ProblemNotice } from "../../ui/notice";
import { Panel } from "../../ui/panel";
import { Skeleton } from "../../ui/skeleton";
import { type Column, Table } from "../../ui/table";
import { useSay } from "../../ui/toast";
import { QuotaEditor } from "../quota-editor";
import { KINDS, type Kind, type Quotas } from "../quota-form";
import { limitInWords, RULES } from "../quota-words";
import { usePutTenantQuotas, useTenantQuotas } from "./queries";

/** What the platform lets one tenant take, in place of what its plan says. */
export function TenantQuotasPage() {
  const address = useAddress();
  const tenant = address.value("tenant");
  return (
    <OperatorPage
      title="Quotas of a tenant"
      note="A rule here takes the place of the plan's, be it higher or lower."
      open="Show quotas"
    >
      {(platformKey) => (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
          <Which of={tenant} onPick={(name) => address.set("tenant")({ target: { value: name } })} />
          {tenant !== "" && <Shown key={tenant} platformKey={platformKey} tenant={tenant} />}
        </div>
      )}
    </OperatorPage>
  );
}

function Which({ of: tenant, onPick }: { of: string; onPick: (name: string) => void }) {
  const [name, setName] = useState(tenant);
  return (
    <form
      className="flex max-w-[28rem] items-end gap-3 [&>div]:grow"
      onSubmit={(event) => {
        event.preventDefault();
        onPick(name);
      }}
    >
      <TextField
        label="Tenant, by its name or id"
        value={name}
        onChange={(event) => setName(event.target.value)}
        spellCheck={false}
        required
      />
      <Button type="submit">Show</Button>
    </form>
  );
}

function Shown({ platformKey, tenant }: { platformKey: string; tenant: string }) {
  const quotas = useTenantQuotas(platformKey, tenant);
  const put = usePutTenantQuotas(platformKey, tenant);
  const say = useSay();
  if (quotas.isError) return <ProblemNotice thrown={quotas.error} retry={() => quotas.refetch()} />;
  if (quotas.isPending) return <Skeleton lines={6} />;
  const { plan, platform, effective } = quotas.data;
  return (
    <>
      <Panel flush title="In force">
        <Table<Kind>
          caption="Quotas in force"
          rows={KINDS}
          rowKey={(kind) => kind}
          columns={[
            { head: "Rule", cell: (kind) => RULES[kind] },
            column("By its plan", plan),
            column("Set here", platform),
            column("In force", effective),
          ]}
        />
      </Panel>
      <Panel title="Set by the platform" note="What is left empty is as the plan says.">
        <QuotaEditor
          before={platform}
          none="as the plan says"
          save="Save quotas"
          saving={{
            ...put,
            mutate: (rules) =>
              put.mutate(rules, { onSuccess: () => say(`Quotas of ${tenant} are in force`) }),
          }}
        />
      </Panel>
    </>
  );
}

function column(head: string, quotas: Quotas): Column<Kind> {
  return {
    head,
    figures: true,
    narrow: true,
    cell: (kind) => {
      const rule = quotas[kind];
      if (!rule) return <span className="text-muted">–</span>;
      return (
        limitInWords({ limit: rule.limit, burst: rule.burst ?? null }) + (rule.shadow ? ", in shadow" : "")
      );
    },
  };
}
