import { useState } from "react";
import { useNavigate } from "react-router";
import { placesOf } from "../api/problem";
import { Button } from "../ui/button";
import { Dialog, DialogActions } from "../ui/dialog";
import { ProblemNotice } from "../ui/notice";
import { SecretOnce } from "../ui/secret-once";
import { EndpointFields, type Wished } from "./endpoint-fields";
import { useCreateEndpoint } from "./queries";

/** Asks where messages go, creates the endpoint, and shows its secret this one time. */
export function CreateEndpoint({ open, onClose }: { open: boolean; onClose: () => void }) {
  const create = useCreateEndpoint();
  const navigate = useNavigate();
  const made = create.data;
  const done = () => {
    create.reset();
    onClose();
    if (made) navigate(`/endpoints/${made.id}`);
  };
  return (
    <Dialog title={made ? `Endpoint ${made.name}` : "Create an endpoint"} open={open} onClose={done}>
      {made ? (
        <SecretOnce secret={made.secret} label="Secret" onDone={done}>
          <p className="text-[13px] text-muted">
            Messages are signed with it by Standard Webhooks: give it to the library that verifies them.
          </p>
        </SecretOnce>
      ) : (
        <Wishes create={create} onClose={done} />
      )}
    </Dialog>
  );
}

function Wishes({ create, onClose }: { create: ReturnType<typeof useCreateEndpoint>; onClose: () => void }) {
  const [wished, setWished] = useState<Wished>({ name: "", url: "", notices: ["delivery.dead"] });
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({ ...wished, name: wished.name.trim(), url: wished.url.trim() });
      }}
    >
      <EndpointFields wished={wished} onChange={setWished} places={placesOf(create.error)} />
      {create.isError && <ProblemNotice thrown={create.error} />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={create.isPending}>
          {create.isPending ? "Creating…" : "Create"}
        </Button>
      </DialogActions>
    </form>
  );
}
