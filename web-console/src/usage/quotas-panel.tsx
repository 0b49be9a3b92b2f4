import { compactCount, formatCount } from "../figures/count";
import { Badge } from "../ui/badge";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { Table } from "../ui/table";
import { type QuotaState, useQuotas } from "./queries";
import { beginsAnew, limitInWords, ruleInWords } from "./quota-words";

/** What the tenant and its functions may take of the fleet, and what is left of it. */
export function QuotasPanel() {
  const quotas = useQuotas();
  if (quotas.isError) return <ProblemNotice thrown={quotas.error} retry={() => quotas.refetch()} />;
  if (quotas.isPending) {
    return (
      <Panel title="Quotas">
        <Skeleton lines={3} />
      </Panel>
    );
  }
  const rules = quotas.data;
  return (
    <Panel
      flush
      title="Quotas"
      note="What may be taken of the fleet. A run must be within every rule; one in shadow only counts what it would have refused."
    >
      {rules.length === 0 ? (
        <p className="px-5 pb-5 text-muted">Nothing is limited.</p>
      ) : (
        <Table<QuotaState>
          caption="Quotas"
          rows={rules}
          rowKey={(rule) => `${rule.function ?? ""} ${rule.kind}`}
          columns={[
            {
              head: "Rule",
              cell: (rule) => (
                <>
                  {ruleInWords(rule.kind)}{" "}
                  <span className="text-muted">{rule.function ?? "all functions"}</span>{" "}
                  {rule.shadow && <Badge tone="accent">shadow</Badge>}
                </>
              ),
            },
            { head: "Limit", figures: true, narrow: true, cell: limitInWords },
            { head: "Used", figures: true, narrow: true, cell: (rule) => counted(rule.used) },
            { head: "Left", figures: true, narrow: true, cell: (rule) => counted(rule.remaining) },
            { head: "Begins anew", narrow: true, cell: beginsAnew },
            { head: "Refused today", figures: true, narrow: true, cell: refused },
          ]}
        />
      )}
    </Panel>
  );
}

function counted(count: number | null) {
  if (count === null) return <span title="It cannot be told now">–</span>;
  return <span title={formatCount(count)}>{compactCount(count)}</span>;
}

function refused(rule: QuotaState) {
  if (!rule.shadow) return counted(rule.refused_today);
  return <span title="It would have refused so many">({counted(rule.shadow_refused_today)})</span>;
}
