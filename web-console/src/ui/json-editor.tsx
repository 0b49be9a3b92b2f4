import { useId } from "react";

/** What is wrong with a text that should be JSON, or `null` when it is. */
export function jsonFault(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (fault) {
    return `This is not JSON yet: ${fault instanceof Error ? fault.message : "it cannot be read"}.`;
  }
}

/** A plain editor for JSON that says what is wrong while one types. Tab leaves it, as it leaves every field. */
export function JsonEditor({
  label,
  text,
  onChange,
  rows = 14,
  onSubmit,
}: {
  label: string;
  text: string;
  onChange: (text: string) => void;
  rows?: number;
  /** Ctrl or ⌘ with Enter. */
  onSubmit?: () => void;
}) {
  const id = useId();
  const fault = jsonFault(text);
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <textarea
        id={id}
        rows={rows}
        value={text}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        aria-invalid={fault ? true : undefined}
        aria-describedby={fault ? `${id}-fault` : undefined}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onSubmit?.();
        }}
        className="control w-full resize-y font-mono text-[13px] leading-[1.55]"
      />
      {fault && (
        <p id={`${id}-fault`} className="text-[13px] text-bad">
          {fault}
        </p>
      )}
    </div>
  );
}
