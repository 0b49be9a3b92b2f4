import { useState } from "react";
import { placesOf } from "../api/problem";
import { Button } from "../ui/button";
import { CheckField, TextField } from "../ui/field";
import { ProblemNotice } from "../ui/notice";
import { KINDS, type Kind, type Quotas, quotasOf, type RuleText, textsOf } from "./quota-form";
import { RULES } from "./quota-words";

/** Rules, each with its limit, and whether it only counts what it would refuse. */
export function QuotaEditor({
  before,
  none,
  save,
  saving,
}: {
  before: Quotas;
  /** What holds where nothing is filled in. */
  none: string;
  save: string;
  saving: {
    isPending: boolean;
    isError: boolean;
    error: unknown;
    reset: () => void;
    mutate: (quotas: Quotas) => void;
  };
}) {
  const [texts, setTexts] = useState(textsOf(before));
  const places = placesOf(saving.error);
  const change = (kind: Kind, rule: Partial<RuleText>) => {
    setTexts({ ...texts, [kind]: { ...texts[kind], ...rule } });
    if (saving.isError) saving.reset();
  };
  return (
    <form
      className="grid gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        saving.mutate(quotasOf(texts));
      }}
    >
      <div className="grid items-start gap-x-6 gap-y-5 sm:grid-cols-2 lg:grid-cols-3">
        {KINDS.map((kind) => (
          <fieldset key={kind} className="grid gap-2">
            <legend className="sr-only">{RULES[kind]}</legend>
            <TextField
              label={RULES[kind]}
              type="number"
              min={1}
              placeholder={none}
              error={places[`/${kind}/limit`] ?? places[`/${kind}`]}
              value={texts[kind].limit}
              onChange={(event) => change(kind, { limit: event.target.value })}
            />
            {kind === "rate" && (
              <TextField
                label="At once, after a pause"
                type="number"
                min={1}
                placeholder="as many as in a second"
                error={places["/rate/burst"]}
                value={texts.rate.burst}
                onChange={(event) => change("rate", { burst: event.target.value })}
              />
            )}
            <CheckField
              label="In shadow: count, refuse nothing"
              checked={texts[kind].shadow}
              disabled={texts[kind].limit === ""}
              onChange={(event) => change(kind, { shadow: event.target.checked })}
            />
          </fieldset>
        ))}
      </div>
      {saving.isError && <ProblemNotice thrown={saving.error} />}
      <div>
        <Button type="submit" look="primary" busy={saving.isPending}>
          {save}
        </Button>
      </div>
    </form>
  );
}
