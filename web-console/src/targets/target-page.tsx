import { Link, useParams } from "react-router";
import { Code } from "../ui/code";
import { ProblemNotice } from "../ui/notice";
import { PageHead, Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { BindingsPanel } from "./bindings-panel";
import { useTarget } from "./queries";

const pretty = (value: unknown) => JSON.stringify(value, null, 2);

/** One target: who answers it, what goes in, what must come out. */
export function TargetPage() {
  const { target: name = "" } = useParams();
  const found = useTarget(name);
  if (found.isError) return <ProblemNotice thrown={found.error} retry={() => found.refetch()} />;
  if (found.isPending) return <Skeleton lines={8} />;
  const target = found.data;
  const limits = Object.entries(target.limits);
  return (
    <>
      <Link to="/targets" className="text-[13px] text-muted hover:text-ink hover:underline">
        Targets
      </Link>
      <PageHead title={target.name} note={target.description || target.title} />
      <div className="grid gap-5">
        <BindingsPanel target={target.name} />
        {limits.length > 0 && (
          <Panel title="Limits of its own" note="The smallest of plan, tenant, function and target wins.">
            <Code label="Limits" text={pretty(target.limits)} />
          </Panel>
        )}
        <div className="grid gap-5 lg:grid-cols-2">
          <Panel title="What goes in">
            <Code label="Input schema" text={pretty(target.input_schema)} tall />
          </Panel>
          <Panel title="What must come out">
            <Code label="Output schema" text={pretty(target.output_schema)} tall />
          </Panel>
        </div>
        {target.examples.map((example) => (
          <Panel key={example.name} title={`Example: ${example.name}`}>
            <div className="grid gap-4 lg:grid-cols-2">
              <Code label={`Input of ${example.name}`} text={pretty(example.input)} tall />
              {example.output !== undefined && (
                <Code label={`Output of ${example.name}`} text={pretty(example.output)} tall />
              )}
            </div>
          </Panel>
        ))}
      </div>
    </>
  );
}
