import { useState } from "react";
import { useParams } from "react-router";
import { OperatorPage } from "../../operator/operator-page";
import { Button } from "../../ui/button";
import { ProblemNotice } from "../../ui/notice";
import { Skeleton } from "../../ui/skeleton";
import { useSay } from "../../ui/toast";
import { draftOf } from "./definition";
import { DefinitionForm } from "./definition-form";
import { DeleteTarget } from "./delete-target";
import { useChangeTarget, useDefinedTarget } from "./queries";

/** One target, for the operator to change or delete. */
export function DefinitionPage() {
  const { target = "" } = useParams();
  const [deleting, setDeleting] = useState(false);
  return (
    <OperatorPage
      title={target}
      note="Runs that begin after a change are held to it. Widen an output schema before functions use it and narrow it after; for the input it is the other way round."
      open="Show the target"
      actions={<Button onClick={() => setDeleting(true)}>Delete…</Button>}
    >
      {(platformKey) => (
        <>
          <Change platformKey={platformKey} target={target} />
          <DeleteTarget
            platformKey={platformKey}
            target={target}
            open={deleting}
            onClose={() => setDeleting(false)}
          />
        </>
      )}
    </OperatorPage>
  );
}

function Change({ platformKey, target }: { platformKey: string; target: string }) {
  const found = useDefinedTarget(platformKey, target);
  const change = useChangeTarget(platformKey, target);
  const say = useSay();
  if (found.isError) return <ProblemNotice thrown={found.error} retry={() => found.refetch()} />;
  if (found.isPending) return <Skeleton lines={12} />;
  return (
    <DefinitionForm
      key={target}
      first={draftOf(found.data)}
      save="Save the target"
      saving={change.isPending}
      refused={change.error}
      onSave={(definition) =>
        change.mutate(definition, {
          onSuccess: () => say(`${target} is changed. Executors hear of it within seconds.`),
        })
      }
    />
  );
}
