import { useEndpoints } from "../endpoints/queries";
import { useSources } from "../sources/queries";
import { SelectField, TextField } from "../ui/field";
import { ExpressionField } from "./expression-field";
import type { Wished } from "./wished";

/** What a subscription asks for: which events, what of them, in which order, and where the output goes. */
export function SubscriptionFields({
  wished,
  onChange,
  places,
}: {
  wished: Wished;
  onChange: (wished: Wished) => void;
  places: Record<string, string>;
}) {
  const sources = useSources().data?.pages.flatMap((page) => page.data) ?? [];
  const endpoints = useEndpoints().data?.pages.flatMap((page) => page.data) ?? [];
  const set = (name: keyof Wished) => (value: string) => onChange({ ...wished, [name]: value });
  return (
    <>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <TextField
          label="Event type"
          placeholder="orders/paid"
          hint="Or a pattern such as orders/*, or * for all."
          error={places["/event_type"]}
          value={wished.event_type}
          onChange={(event) => set("event_type")(event.target.value)}
          spellCheck={false}
          required
        />
        <SelectField
          label="From"
          error={places["/source"]}
          value={wished.source}
          onChange={(event) => set("source")(event.target.value)}
        >
          <option value="">Any source, and the platform</option>
          {sources.map(({ id, name }) => (
            <option key={id}>{name}</option>
          ))}
        </SelectField>
      </div>
      <ExpressionField
        label="Filter"
        hint="Only events for which this holds; empty is all."
        placeholder="event.data.total > 100.0"
        error={places["/filter"]}
        value={wished.filter}
        onChange={set("filter")}
      />
      <ExpressionField
        label="Transform"
        hint="What the function gets of the event; empty is the event itself."
        placeholder="{'order': event.data.id}"
        error={places["/transform"]}
        value={wished.transform}
        onChange={set("transform")}
      />
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <TextField
          label="In order by"
          placeholder="/customer/id"
          hint="A place in the data: what has the same value there runs one after the other."
          error={places["/order_by"]}
          value={wished.order_by}
          onChange={(event) => set("order_by")(event.target.value)}
          spellCheck={false}
        />
        <TextField
          label="Attempts, at most"
          inputMode="numeric"
          placeholder="as usual"
          hint="Each waits longer than the one before."
          error={places["/retry/max_attempts"]}
          value={wished.max_attempts}
          onChange={(event) => set("max_attempts")(event.target.value)}
        />
      </div>
      <SelectField
        label="Send its output to"
        hint="As a signed message, each time the function succeeds."
        error={places["/output_endpoint_id"]}
        value={wished.output_endpoint_id}
        onChange={(event) => set("output_endpoint_id")(event.target.value)}
      >
        <option value="">Nowhere</option>
        {endpoints.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
    </>
  );
}
