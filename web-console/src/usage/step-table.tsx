import { Link } from "react-router";
import { compactCount, formatCount } from "../figures/count";
import { Panel } from "../ui/panel";
import { Table } from "../ui/table";
import type { Span } from "./span";
import { stepWords } from "./step-words";
import type { Step } from "./steps";

/** The figures of the chart, newest first, each leading to its runs. Steps without a run are left out. */
export function StepTable({ steps, span }: { steps: Step[]; span: Span }) {
  const rows = steps.filter((step) => step.invocations > 0).reverse();
  if (rows.length === 0) return null;
  return (
    <Panel title={`By ${span.granularity}`} flush>
      <Table<Step>
        caption={`Usage by ${span.granularity}, newest first`}
        rows={rows}
        rowKey={(step) => String(step.from_s)}
        columns={[
          {
            head: span.granularity === "hour" ? "Hour" : "Day",
            cell: (step) => (
              <Link to={runsOf(step)} className="hover:text-accent hover:underline">
                {stepWords(step, span)}
              </Link>
            ),
          },
          { head: "Runs", figures: true, narrow: true, cell: (step) => formatCount(step.invocations) },
          { head: "Failed", figures: true, narrow: true, cell: (step) => formatCount(step.errors) },
          {
            head: "Fuel",
            figures: true,
            narrow: true,
            cell: (step) => (
              <span title={formatCount(String(step.fuel))}>{compactCount(String(step.fuel))}</span>
            ),
          },
        ]}
      />
    </Panel>
  );
}

function runsOf(step: Step): string {
  const [from, to] = [step.from_s, step.to_s].map((at_s) => new Date(at_s * 1000).toISOString());
  return `/runs?${new URLSearchParams({ from: from ?? "", to: to ?? "" })}`;
}
