import type { ReactNode } from "react";
import { useOutletContext } from "react-router";
import { Button } from "../ui/button";
import { PageHead } from "../ui/panel";
import { PlatformKeyForm } from "./platform-key-form";

/** The platform's key, once the operator has typed it. */
export interface PlatformKey {
  key: string | null;
  setKey: (key: string | null) => void;
}

/** A page of the operator, which shows nothing before it has the platform's key. */
export function OperatorPage({
  title,
  note,
  open,
  actions,
  children,
}: {
  title: string;
  note: ReactNode;
  /** What the button under the key says. */
  open: string;
  /** What can be done on the page, beside forgetting the key. */
  actions?: ReactNode;
  children: (platformKey: string) => ReactNode;
}) {
  const { key, setKey } = useOutletContext<PlatformKey>();
  return (
    <>
      <PageHead
        title={title}
        note={note}
        actions={
          key !== null && (
            <>
              <Button look="quiet" onClick={() => setKey(null)}>
                Forget the key
              </Button>
              {actions}
            </>
          )
        }
      />
      {key === null ? <PlatformKeyForm action={open} onKey={setKey} /> : children(key)}
    </>
  );
}
