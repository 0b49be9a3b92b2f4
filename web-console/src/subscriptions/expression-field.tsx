import { Field } from "../ui/field";

/** An expression over `event`. What the API cannot read is told with its line and column. */
export function ExpressionField({
  label,
  hint,
  placeholder,
  error,
  value,
  onChange,
}: {
  label: string;
  hint: string;
  placeholder: string;
  error: string | undefined;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(wiring) => (
        <textarea
          {...wiring}
          rows={Math.max(2, value.split("\n").length)}
          value={value}
          placeholder={placeholder}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          onChange={(event) => onChange(event.target.value)}
          className="control w-full resize-y font-mono text-[13px] leading-[1.55]"
        />
      )}
    </Field>
  );
}
