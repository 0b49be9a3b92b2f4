import type { ReactNode } from "react";
import { Button } from "./button";
import { Code } from "./code";
import { DialogActions } from "./dialog";

/** A secret that was just made: it is shown here, and never again. */
export function SecretOnce({
  secret,
  label,
  children,
  onDone,
}: {
  secret: string;
  label: string;
  /** Where it goes. */
  children?: ReactNode;
  onDone: () => void;
}) {
  return (
    <>
      <p>
        Copy the secret now. <b>It is shown this once.</b>
      </p>
      <Code text={secret} label={label} wrap />
      {children}
      <DialogActions>
        <Button look="primary" onClick={onDone}>
          I have copied it
        </Button>
      </DialogActions>
    </>
  );
}
