import type { ReactNode } from "react";
import { Button } from "./button";
import { Dialog, DialogActions } from "./dialog";
import { ProblemNotice } from "./notice";

/** Asks before something is done that cannot be taken back. */
export function Confirm({
  open,
  onClose,
  title,
  children,
  action,
  keep,
  doing,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  /** What will be so afterwards. */
  children: ReactNode;
  /** The verb of the button that does it. */
  action: string;
  keep: string;
  doing: { isPending: boolean; isError: boolean; error: unknown; reset: () => void; mutate: () => void };
}) {
  const close = () => {
    doing.reset();
    onClose();
  };
  return (
    <Dialog title={title} open={open} onClose={close}>
      {children}
      {doing.isError && <ProblemNotice thrown={doing.error} />}
      <DialogActions>
        <Button onClick={close}>{keep}</Button>
        <Button look="danger" busy={doing.isPending} onClick={() => doing.mutate()}>
          {action}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
