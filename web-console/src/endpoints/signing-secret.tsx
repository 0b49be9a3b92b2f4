import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Facts } from "../ui/facts";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { SecretOnce } from "../ui/secret-once";
import { When } from "../ui/when";
import { type EndpointDetail, useRotateSecret } from "./queries";

/** What an endpoint's messages are signed with, and a new one in its place. */
export function SigningSecret({ endpoint }: { endpoint: EndpointDetail }) {
  const rotate = useRotateSecret(endpoint.id);
  return (
    <Panel
      title="Signing secret"
      note="For a day after a new one, the old one signs too."
      actions={
        <Button busy={rotate.isPending} onClick={() => rotate.mutate()}>
          Make a new one
        </Button>
      }
    >
      <div className="grid gap-4">
        {rotate.isError && <ProblemNotice thrown={rotate.error} />}
        <Facts
          facts={endpoint.secrets.map((secret) => [
            <span key={secret.id}>
              made <When at={secret.created_at} />
            </span>,
            secret.expires_at ? (
              <span key="until">
                signs until it ends <When at={secret.expires_at} />
              </span>
            ) : (
              "signs"
            ),
          ])}
        />
      </div>
      <Dialog title="The new secret" open={rotate.data !== undefined} onClose={rotate.reset}>
        {rotate.data && <SecretOnce secret={rotate.data.secret} label="Secret" onDone={rotate.reset} />}
      </Dialog>
    </Panel>
  );
}
