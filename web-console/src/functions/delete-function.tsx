import { useState } from "react";
import { Button } from "../ui/button";
import { Dialog, DialogActions } from "../ui/dialog";
import { TextField } from "../ui/field";
import { ProblemNotice } from "../ui/notice";
import { useDeleteFunction } from "./queries";

/** Deleting stops whoever calls the function, so its name has to be typed. */
export function DeleteFunction({
  name,
  open,
  onClose,
}: {
  name: string;
  open: boolean;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState("");
  const remove = useDeleteFunction(name);
  const close = () => {
    setTyped("");
    remove.reset();
    onClose();
  };
  return (
    <Dialog title={`Delete ${name}?`} open={open} onClose={close}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          remove.mutate();
        }}
      >
        <p>
          Calls to it are answered with <code className="font-mono text-[13px]">404</code> from then on. Its
          runs and their bill stay.
        </p>
        <TextField
          label={`Type ${name} to delete it`}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          autoComplete="off"
        />
        {remove.isError && <ProblemNotice thrown={remove.error} />}
        <DialogActions>
          <Button onClick={close}>Keep it</Button>
          <Button type="submit" look="danger" disabled={typed !== name} busy={remove.isPending}>
            {remove.isPending ? "Deleting…" : "Delete"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
