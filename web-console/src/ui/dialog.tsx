import { type ReactNode, useEffect, useId, useRef } from "react";

/**
 * A dialog by the browser's own element: it keeps the focus inside, closes on Escape and makes the page behind inert.
 * Libraries lock scrolling with an inline style sheet, which the content security policy refuses.
 */
export function Dialog({
  open,
  onClose,
  title,
  children,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const opener = useRef<Element>(null);
  useEffect(() => {
    const dialog = element.current;
    if (open && !dialog?.open) {
      opener.current = document.activeElement;
      dialog?.showModal();
    }
    if (!open) {
      opener.current = null;
      if (dialog?.open) dialog.close();
    }
  }, [open]);
  // Closing gives the focus back to where it was; being taken away while open does not.
  useEffect(
    () => () => {
      if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus();
    },
    [],
  );
  return (
    <dialog
      ref={element}
      aria-labelledby={titleId}
      onClose={onClose}
      className="m-auto w-[min(34rem,calc(100vw-2rem))] rounded-box border border-line bg-surface p-0 text-ink shadow-over backdrop:bg-veil"
    >
      {open && (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-4 p-6">
          <h2 id={titleId} className="text-[17px]">
            {title}
          </h2>
          {children}
        </div>
      )}
    </dialog>
  );
}

/** The row of buttons at a dialog's foot. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-1 flex flex-wrap justify-end gap-2">{children}</div>;
}
