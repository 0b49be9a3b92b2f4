import { FunctionField } from "../functions/function-field";
import { useAddress } from "../ui/address";
import { Empty } from "../ui/empty";
import { SelectField } from "../ui/field";
import { FilterRow, SinceField } from "../ui/filter-row";
import { TextLink } from "../ui/links";
import { Paged } from "../ui/paged";
import { DeliveryTable } from "./delivery-table";
import { useDeliveries, useReplay } from "./queries";
import { causeInWords, STATUSES } from "./status";

/** Every delivery: those that wait or run, and those that ended. */
export function DeliveriesPage() {
  const address = useAddress();
  const deliveries = useDeliveries(address.search);
  const cause = address.value("cause");
  const replay = address.value("replay");
  const { data: batch } = useReplay(replay);
  return (
    <>
      <FilterRow address={address}>
        <SelectField label="Status" value={address.value("status")} onChange={address.set("status")}>
          <option value="">All</option>
          {Object.keys(STATUSES).map((status) => (
            <option key={status}>{status}</option>
          ))}
        </SelectField>
        <FunctionField none="All" value={address.value("function")} onChange={address.set("function")} />
        {cause && (
          <SelectField label="Cause" value={cause} onChange={address.set("cause")}>
            <option value="">All</option>
            <option value={cause}>{causeInWords(cause)}</option>
          </SelectField>
        )}
        {replay && (
          <SelectField label="Made by" value={replay} onChange={address.set("replay")}>
            <option value="">Anything</option>
            <option value={replay}>{batch?.name ?? "a batch of replays"}</option>
          </SelectField>
        )}
        <SinceField address={address} />
      </FilterRow>
      <Paged
        list={deliveries}
        empty={
          address.search.size > 0 ? (
            <Empty title="No delivery meets these filters">Take one away, or look further back.</Empty>
          ) : (
            <Empty title="No deliveries yet">
              A delivery is made when an <TextLink to="/events">event</TextLink> meets a subscription, or when
              a schedule fires. Open a <TextLink to="/functions">function</TextLink> and give it one under
              Triggers.
            </Empty>
          )
        }
      >
        {(rows) => <DeliveryTable rows={rows} />}
      </Paged>
    </>
  );
}
