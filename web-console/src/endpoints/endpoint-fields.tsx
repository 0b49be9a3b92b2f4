import { CheckField, TextField } from "../ui/field";
import { NOTICES } from "./notices";
import type { Notice } from "./queries";

export interface Wished {
  name: string;
  url: string;
  notices: Notice[];
}

/** What an endpoint is: its name, its address, and what it is told of. */
export function EndpointFields({
  wished,
  onChange,
  places,
}: {
  wished: Wished;
  onChange: (wished: Wished) => void;
  places: Record<string, string>;
}) {
  return (
    <>
      <TextField
        label="Name"
        hint="What it is for, such as “operations”."
        error={places["/name"]}
        value={wished.name}
        onChange={(event) => onChange({ ...wished, name: event.target.value })}
        maxLength={200}
        required
      />
      <TextField
        label="Address"
        hint="On the open internet, with https."
        placeholder="https://example.com/hooks/cartwright"
        error={places["/url"]}
        inputMode="url"
        value={wished.url}
        onChange={(event) => onChange({ ...wished, url: event.target.value })}
        required
      />
      <fieldset className="grid gap-2.5">
        <legend className="mb-2 font-medium">Tell it of</legend>
        {(Object.keys(NOTICES) as Notice[]).map((notice) => (
          <CheckField
            key={notice}
            label={NOTICES[notice]}
            checked={wished.notices.includes(notice)}
            onChange={(event) =>
              onChange({
                ...wished,
                notices: event.target.checked
                  ? [...wished.notices, notice]
                  : wished.notices.filter((one) => one !== notice),
              })
            }
          />
        ))}
        <p className="text-[13px] text-muted">
          The output of a function goes to it where a subscription of the function says so.
        </p>
      </fieldset>
    </>
  );
}
