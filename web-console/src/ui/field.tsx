import { type ComponentProps, type ReactNode, useId } from "react";

interface Labelled {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value, in a sentence. */
  error?: string | null | undefined;
}

interface Wiring {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean | undefined;
}

/** A label, a control, and below it the hint or what is wrong: wired together for those who do not see them. */
export function Field({
  label,
  hint,
  error,
  children,
}: Labelled & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  const noteId = `${id}-note`;
  const note = error ?? hint;
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {children({
        id,
        "aria-describedby": note ? noteId : undefined,
        "aria-invalid": error ? true : undefined,
      })}
      {note && (
        <p id={noteId} className={`text-[13px] ${error ? "text-bad" : "text-muted"}`}>
          {note}
        </p>
      )}
    </div>
  );
}

export function TextField({
  label,
  hint,
  error,
  className,
  ...rest
}: Labelled & Omit<ComponentProps<"input">, "id">) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(wiring) => <input className={`control w-full ${className ?? ""}`} {...wiring} {...rest} />}
    </Field>
  );
}

export function SelectField({
  label,
  hint,
  error,
  className,
  children,
  ...rest
}: Labelled & Omit<ComponentProps<"select">, "id">) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(wiring) => (
        <select className={`control w-full ${className ?? ""}`} {...wiring} {...rest}>
          {children}
        </select>
      )}
    </Field>
  );
}

export function CheckField({
  label,
  hint,
  className,
  ...rest
}: Omit<Labelled, "error"> & Omit<ComponentProps<"input">, "id" | "type">) {
  const id = useId();
  return (
    <div className={`flex items-start gap-2.5 ${className ?? ""}`}>
      <input
        id={id}
        type="checkbox"
        className="mt-1 size-4 shrink-0 accent-accent"
        aria-describedby={hint ? `${id}-note` : undefined}
        {...rest}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p id={`${id}-note`} className="text-[13px] text-muted">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
