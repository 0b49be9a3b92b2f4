import { OperatorPage } from "../operator/operator-page";
import { Executors } from "./executors";

/** The executors, for the operator. */
export function FleetPage() {
  return (
    <OperatorPage
      title="Fleet"
      note="The executors, as they report every 3 seconds. For the operator of the platform."
      open="Show the fleet"
    >
      {(platformKey) => <Executors platformKey={platformKey} />}
    </OperatorPage>
  );
}
