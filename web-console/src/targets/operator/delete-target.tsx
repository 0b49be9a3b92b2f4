import { useNavigate } from "react-router";
import { Button } from "../../ui/button";
import { Dialog, DialogActions } from "../../ui/dialog";
import { ProblemNotice } from "../../ui/notice";
import { useSay } from "../../ui/toast";
import { useDeleteTarget } from "./queries";

/** Only a target that no function answers is deleted; the api says how many do. */
export function DeleteTarget({
  platformKey,
  target,
  open,
  onClose,
}: {
  platformKey: string;
  target: string;
  open: boolean;
  onClose: () => void;
}) {
  const remove = useDeleteTarget(platformKey, target);
  const navigate = useNavigate();
  const say = useSay();
  const close = () => {
    remove.reset();
    onClose();
  };
  const confirm = () =>
    remove.mutate(undefined, {
      onSuccess: () => {
        say(`${target} is deleted.`);
        navigate("/operator/targets");
      },
    });
  return (
    <Dialog title={`Delete ${target}?`} open={open} onClose={close}>
      <p>The platform can no longer call it. A target that functions answer stays.</p>
      {remove.isError && <ProblemNotice thrown={remove.error} />}
      <DialogActions>
        <Button onClick={close}>Keep it</Button>
        <Button look="danger" busy={remove.isPending} onClick={confirm}>
          {remove.isPending ? "Deleting…" : "Delete"}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
