import { Button } from "../ui/button";
import { Dialog, DialogActions } from "../ui/dialog";
import { ProblemNotice } from "../ui/notice";
import { useSay } from "../ui/toast";
import { type ApiKey, useRevokeKey } from "./queries";

/** Revoking cuts off whoever uses the key, and cannot be undone, so it asks. */
export function RevokeKey({ of: key, onClose }: { of: ApiKey | null; onClose: () => void }) {
  const revoke = useRevokeKey();
  const say = useSay();
  const close = () => {
    revoke.reset();
    onClose();
  };
  return (
    <Dialog title={`Revoke ${key?.name ?? ""}?`} open={key !== null} onClose={close}>
      <p>Whoever uses it is refused within 5 seconds. It cannot be brought back; create another instead.</p>
      {revoke.isError && <ProblemNotice thrown={revoke.error} />}
      <DialogActions>
        <Button onClick={close}>Keep it</Button>
        <Button
          look="danger"
          busy={revoke.isPending}
          onClick={() =>
            key &&
            revoke.mutate(key, {
              onSuccess: () => {
                say(`${key.name} is revoked`);
                close();
              },
            })
          }
        >
          {revoke.isPending ? "Revoking…" : "Revoke"}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
