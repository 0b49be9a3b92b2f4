import { useState } from "react";
import { useNavigate } from "react-router";
import { OperatorPage } from "../../operator/operator-page";
import { TextField } from "../../ui/field";
import { useSay } from "../../ui/toast";
import { FIRST_DRAFT } from "./definition";
import { DefinitionForm } from "./definition-form";
import { useDefineTarget } from "./queries";

/** A target to be. */
export function NewTargetPage() {
  return (
    <OperatorPage
      title="New target"
      note="Tenants can write functions for it as soon as it is defined."
      open="Define a target"
    >
      {(platformKey) => <New platformKey={platformKey} />}
    </OperatorPage>
  );
}

function New({ platformKey }: { platformKey: string }) {
  const [name, setName] = useState("");
  const define = useDefineTarget(platformKey);
  const navigate = useNavigate();
  const say = useSay();
  return (
    <DefinitionForm
      first={FIRST_DRAFT}
      save="Define the target"
      saving={define.isPending}
      refused={define.error}
      onSave={(definition) =>
        define.mutate(
          { name, ...definition },
          {
            onSuccess: () => {
              say(`${name} is defined.`);
              navigate("/operator/targets");
            },
          },
        )
      }
    >
      <TextField
        label="Name"
        value={name}
        placeholder="cart.discount"
        autoComplete="off"
        spellCheck={false}
        hint="Labels of lowercase letters, digits and hyphens, joined by dots. It cannot be changed."
        onChange={(event) => setName(event.target.value)}
      />
    </DefinitionForm>
  );
}
