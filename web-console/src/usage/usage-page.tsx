import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { compactCount, formatCount, formatShare, share } from "../figures/count";
import { ProblemNotice } from "../ui/notice";
import { PageHead, Panel } from "../ui/panel";
import { Segments } from "../ui/segments";
import { Skeleton } from "../ui/skeleton";
import { EstimatePanel } from "./estimate-panel";
import { FunctionTable } from "./function-table";
import { useUsage } from "./queries";
import { QuotasPanel } from "./quotas-panel";
import { SPANS, type SpanName, spanName, spanOf } from "./span";
import { StepTable } from "./step-table";
import { byFunction, stepsOf, totalsOf } from "./steps";
import { UsageChart } from "./usage-chart";

/** What ran, by hour or day and by function, and what the month has cost so far. */
export function UsagePage() {
  const [search, setSearch] = useSearchParams();
  const name = spanName(search.get("span"));
  // The span stands still while the page is open: a chart that creeps under the pointer cannot be read.
  const span = useMemo(() => spanOf(name, new Date()), [name]);
  const usage = useUsage({
    from: new Date(span.from_s * 1000).toISOString(),
    to: new Date(span.to_s * 1000).toISOString(),
    granularity: span.granularity,
    group_by: "function",
  });
  const steps = useMemo(() => stepsOf(usage.data ?? [], span), [usage.data, span]);
  const totals = totalsOf(usage.data ?? []);
  return (
    <>
      <PageHead
        title="Usage"
        note="Sums are exact. Hours and days are those of UTC, as on the bill."
        actions={
          <Segments
            label="Span of time"
            value={name}
            onChange={(next) => setSearch(next === "24h" ? {} : { span: next }, { replace: true })}
            options={Object.entries(SPANS).map(([value, label]) => ({ value: value as SpanName, label }))}
          />
        }
      />
      <div className="grid gap-5">
        {usage.isError && <ProblemNotice thrown={usage.error} retry={() => usage.refetch()} />}
        <Panel title={`Runs, ${SPANS[name].toLowerCase()}`}>
          {usage.isPending ? (
            <Skeleton lines={6} />
          ) : (
            <>
              <dl className="figures mb-5 grid grid-cols-2 gap-4 sm:grid-cols-4">
                <Sum name="Runs" value={formatCount(totals.invocations)} />
                <Sum name="Billed" value={formatCount(totals.billable)} />
                <Sum
                  name="Failed"
                  value={formatCount(totals.errors)}
                  note={formatShare(share(totals.errors, totals.invocations))}
                />
                <Sum name="Fuel" value={compactCount(totals.fuel)} title={formatCount(totals.fuel)} />
              </dl>
              <UsageChart steps={steps} span={span} />
            </>
          )}
        </Panel>
        <EstimatePanel />
        <QuotasPanel />
        {usage.isSuccess && <FunctionTable rows={byFunction(usage.data)} />}
        {usage.isSuccess && <StepTable steps={steps} span={span} />}
      </div>
    </>
  );
}

function Sum({ name, value, note, title }: { name: string; value: string; note?: string; title?: string }) {
  return (
    <div>
      <dt className="text-[13px] text-muted">{name}</dt>
      <dd className="text-[19px] leading-tight font-semibold" title={title}>
        {value} {note && <span className="text-[13px] font-normal text-muted">{note}</span>}
      </dd>
    </div>
  );
}
