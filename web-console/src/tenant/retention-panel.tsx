import { useState } from "react";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { useSay } from "../ui/toast";
import { useChangeTenant } from "./queries";
import { RETENTIONS, type Retention } from "./retention";

/** Chooses what the run log keeps. The choice is shown at once, and taken back if the API refuses it. */
export function RetentionPanel({ current }: { current: Retention }) {
  const change = useChangeTenant();
  const say = useSay();
  const [chosen, setChosen] = useState(current);
  const choose = (retention: Retention) => {
    setChosen(retention);
    change.mutate(
      { run_log_retention: retention },
      {
        onSuccess: () => say(`The run log keeps: ${RETENTIONS[retention].label.toLowerCase()}`),
        onError: () => setChosen(current),
      },
    );
  };
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
              onChange={() => choose(retention)}
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
