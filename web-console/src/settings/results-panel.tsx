import { useState } from "react";
import { useKeepResults } from "../functions/queries";
import { useThisFunction } from "../functions/this-function";
import { CheckField } from "../ui/field";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";

/** Whether results are kept. It is the function's and no setting of the module's, so it is saved by itself. */
export function ResultsPanel() {
  const { name, memoise } = useThisFunction();
  const keep = useKeepResults(name);
  // What was ticked, until the API has answered.
  const [wanted, setWanted] = useState<boolean>();
  const change = (kept: boolean) => {
    setWanted(kept);
    keep.mutate(kept, { onSettled: () => setWanted(undefined) });
  };
  return (
    <Panel title="Results" note="A known result is given at once, for less than a run costs.">
      <CheckField
        label="Keep results and give them again for the same input"
        hint="Runs that ask for the time or for randomness are never kept."
        checked={wanted ?? memoise}
        onChange={(event) => change(event.target.checked)}
      />
      {keep.isError && <ProblemNotice thrown={keep.error} />}
    </Panel>
  );
}
