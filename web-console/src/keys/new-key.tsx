import type { Schemas } from "../api/client";
import { Button } from "../ui/button";
import { Code } from "../ui/code";
import { DialogActions } from "../ui/dialog";

/** The secret of a new key: shown here, kept nowhere. */
export function NewKey({ created, onDone }: { created: Schemas["CreatedKey"]; onDone: () => void }) {
  return (
    <>
      <p>
        Copy it now. <b>It is shown this once</b>; only its digest is kept, so nobody can show it again.
      </p>
      <Code text={created.key} label="API key" wrap />
      <p className="text-[13px] text-muted">
        In a shell: <code className="font-mono">export CARTWRIGHT_KEY=…</code>, then a function's page says
        how to call it.
      </p>
      <DialogActions>
        <Button look="primary" onClick={onDone}>
          I have copied it
        </Button>
      </DialogActions>
    </>
  );
}
