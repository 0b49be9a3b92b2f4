import type { ComponentProps } from "react";
import { SelectField } from "../ui/field";
import { useFunctions } from "./queries";

/** One of the tenant's functions, by its name. */
export function FunctionField({
  none,
  value,
  ...rest
}: { none: string; value: string } & Pick<ComponentProps<"select">, "onChange" | "required">) {
  const functions = useFunctions();
  const names = functions.data?.pages.flatMap((page) => page.data.map((row) => row.name)) ?? [];
  return (
    <SelectField label="Function" value={value} {...rest}>
      <option value="">{none}</option>
      {value && !names.includes(value) && <option value={value}>{value}</option>}
      {names.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </SelectField>
  );
}
