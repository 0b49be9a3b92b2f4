import { useState } from "react";
import { useNavigate } from "react-router";
import { placesOf } from "../api/problem";
import { Button } from "../ui/button";
import { Confirm } from "../ui/confirm";
import { Dialog, DialogActions } from "../ui/dialog";
import { ProblemNotice } from "../ui/notice";
import { useSay } from "../ui/toast";
import { EndpointFields, type Wished } from "./endpoint-fields";
import { type EndpointDetail, useChangeEndpoint, useDeleteEndpoint, useTestEndpoint } from "./queries";

/** Send a test, change, disable and enable, delete. */
export function EndpointActions({ endpoint }: { endpoint: EndpointDetail }) {
  const test = useTestEndpoint(endpoint.id);
  const change = useChangeEndpoint(endpoint.id);
  const remove = useDeleteEndpoint(endpoint.id);
  const [asking, setAsking] = useState<"change" | "delete" | null>(null);
  const navigate = useNavigate();
  const say = useSay();
  const close = () => setAsking(null);
  return (
    <>
      <Button
        look="primary"
        busy={test.isPending}
        onClick={() => test.mutate(undefined, { onSuccess: () => say("A test message is on its way") })}
      >
        Send a test
      </Button>
      <Button onClick={() => setAsking("change")}>Change…</Button>
      <Button
        busy={change.isPending}
        onClick={() => change.mutate({ disabled: endpoint.disabled_at === null })}
      >
        {endpoint.disabled_at ? "Enable" : "Disable"}
      </Button>
      <Button look="quiet" onClick={() => setAsking("delete")}>
        Delete…
      </Button>
      <Dialog title={`Change ${endpoint.name}`} open={asking === "change"} onClose={close}>
        <Changes endpoint={endpoint} onClose={close} />
      </Dialog>
      <Confirm
        open={asking === "delete"}
        onClose={close}
        title={`Delete ${endpoint.name}?`}
        action="Delete"
        keep="Keep it"
        doing={{
          ...remove,
          mutate: () =>
            remove.mutate(undefined, {
              onSuccess: () => {
                say(`${endpoint.name} is deleted`);
                navigate("/endpoints");
              },
            }),
        }}
      >
        <p>Messages that wait for it are not sent any more.</p>
      </Confirm>
    </>
  );
}

function Changes({ endpoint, onClose }: { endpoint: EndpointDetail; onClose: () => void }) {
  const change = useChangeEndpoint(endpoint.id);
  const { name, url, notices } = endpoint;
  const [wished, setWished] = useState<Wished>({ name, url, notices });
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(wished, { onSuccess: onClose });
      }}
    >
      <EndpointFields wished={wished} onChange={setWished} places={placesOf(change.error)} />
      {change.isError && <ProblemNotice thrown={change.error} />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={change.isPending}>
          Save
        </Button>
      </DialogActions>
    </form>
  );
}
