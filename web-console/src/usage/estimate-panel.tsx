import type { Schemas } from "../api/client";
import { formatMoney } from "../figures/money";
import { countedQuantity } from "../figures/quantity";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { Table } from "../ui/table";
import { When } from "../ui/when";
import { useEstimate } from "./queries";

/** What the month has cost so far, line by line, and where it is heading. */
export function EstimatePanel() {
  const estimate = useEstimate();
  if (estimate.isError) return <ProblemNotice thrown={estimate.error} retry={() => estimate.refetch()} />;
  if (estimate.isPending) {
    return (
      <Panel title="This month's bill, so far">
        <Skeleton lines={4} />
      </Panel>
    );
  }
  const { data } = estimate;
  const money = (amount: string) => formatMoney(amount, data.currency);
  return (
    <Panel
      flush
      title="This month's bill, so far"
      note={
        <>
          {monthOf(data.period.from)}. An estimate, counted <When at={data.as_of} />. Tries are free.
        </>
      }
      actions={
        <dl className="figures flex gap-8 text-right">
          <div>
            <dt className="text-[13px] text-muted">If it goes on like this</dt>
            <dd className="text-[17px]">{money(data.forecast)}</dd>
          </div>
          <div>
            <dt className="text-[13px] text-muted">So far</dt>
            <dd className="text-[17px] font-semibold">{money(data.total)}</dd>
          </div>
        </dl>
      }
    >
      {data.lines.length === 0 ? (
        <p className="px-5 pb-5 text-muted">Nothing billed this month.</p>
      ) : (
        <Table<Schemas["EstimateLine"]>
          caption="Lines of the estimate"
          rows={data.lines}
          rowKey={(line) => `${line.description} ${line.unit_price}`}
          columns={[
            { head: "For", cell: (line) => line.description },
            {
              head: "Used",
              figures: true,
              narrow: true,
              cell: (line) => countedQuantity(line.quantity, line.unit) ?? `${line.quantity} × ${line.unit}`,
            },
            {
              head: "Price",
              figures: true,
              narrow: true,
              cell: (line) => (
                <>
                  {money(line.unit_price)} <span className="text-muted">per {line.unit}</span>
                </>
              ),
            },
            { head: "Amount", figures: true, narrow: true, cell: (line) => money(line.amount) },
          ]}
        />
      )}
    </Panel>
  );
}

function monthOf(from: string): string {
  return new Date(from).toLocaleDateString("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
}
