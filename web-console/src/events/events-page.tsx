import { useSources } from "../sources/queries";
import { useTenant } from "../tenant/queries";
import { useAddress } from "../ui/address";
import { Code } from "../ui/code";
import { Empty } from "../ui/empty";
import { SelectField, TextField } from "../ui/field";
import { FilterRow, SinceField } from "../ui/filter-row";
import { TextLink } from "../ui/links";
import { Paged } from "../ui/paged";
import { PageHead } from "../ui/panel";
import { EventTable } from "./event-table";
import { useEvents } from "./queries";
import { sendByCurl } from "./send-by-curl";

/** What came in, from the platform and from third parties. */
export function EventsPage() {
  const address = useAddress();
  const events = useEvents(address.search);
  const sources = useSources();
  const names = sources.data?.pages.flatMap((page) => page.data.map((source) => source.name)) ?? [];
  const asked = address.value("source");
  return (
    <>
      <PageHead
        title="Events"
        note="What the platform or a third party sent. Each subscription that an event meets makes a delivery."
      />
      <FilterRow address={address}>
        <TextField
          label="Type"
          placeholder="All, or orders/paid"
          value={address.value("type")}
          onChange={address.set("type")}
        />
        <SelectField label="Source" value={asked} onChange={address.set("source")}>
          <option value="">All</option>
          {asked && !names.includes(asked) && <option value={asked}>{asked}</option>}
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
        <SinceField address={address} />
      </FilterRow>
      <Paged
        list={events}
        empty={
          address.search.size > 0 ? (
            <Empty title="No event meets these filters">Take one away, or look further back.</Empty>
          ) : (
            <NoEvents />
          )
        }
      >
        {(rows) => <EventTable rows={rows} />}
      </Paged>
    </>
  );
}

function NoEvents() {
  const { data: tenant } = useTenant();
  return (
    <Empty title="No events yet">
      <p className="mb-4">
        The platform sends them, with its own key, as below. For webhooks of third parties,{" "}
        <TextLink to="/sources">create a source</TextLink>.
      </p>
      {tenant && (
        <div className="text-left">
          <Code text={sendByCurl(window.location.origin, tenant.slug)} label="curl command" />
        </div>
      )}
    </Empty>
  );
}
