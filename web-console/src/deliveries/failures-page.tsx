import { Link } from "react-router";
import { formatCount } from "../figures/count";
import { useAddress } from "../ui/address";
import { Badge } from "../ui/badge";
import { ButtonLink } from "../ui/button";
import { Empty } from "../ui/empty";
import { FilterRow, SinceField } from "../ui/filter-row";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { TableSkeleton } from "../ui/skeleton";
import { Table } from "../ui/table";
import { When } from "../ui/when";
import { type FailureGroup, useFailures } from "./queries";
import { ReplayGroup } from "./replay-group";
import { Replays } from "./replays";
import { causeInWords } from "./status";

/** How far back is looked first. */
const LAST = "7d";

/** Deliveries that died, by function and cause: what is wrong, and how much of it. */
export function FailuresPage() {
  const address = useAddress();
  const failures = useFailures(address.value("since") || LAST);
  if (failures.isError) return <ProblemNotice thrown={failures.error} retry={() => failures.refetch()} />;
  return (
    <>
      <FilterRow address={address}>
        <SinceField address={address} unless={LAST} />
      </FilterRow>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
        <Panel flush>
          {failures.isPending ? (
            <TableSkeleton />
          ) : failures.data.length > 0 ? (
            <Groups rows={failures.data} />
          ) : (
            <Empty title="No delivery died">
              Whatever could be delivered was, or is still being tried. What dies is shown here, by function
              and by cause.
            </Empty>
          )}
        </Panel>
        <Replays />
      </div>
    </>
  );
}

function Groups({ rows }: { rows: FailureGroup[] }) {
  return (
    <Table<FailureGroup>
      stacked
      caption="Failed deliveries by function and cause"
      rows={rows}
      rowKey={(row) => `${row.function} ${row.cause}`}
      columns={[
        {
          head: "Function",
          cell: (row) => (
            <Link to={`/functions/${row.function}`} className="font-medium hover:text-accent hover:underline">
              {row.function}
            </Link>
          ),
        },
        { head: "Cause", narrow: true, cell: (row) => <Badge tone="bad">{causeInWords(row.cause)}</Badge> },
        {
          head: "Example",
          cell: (row) => (
            <Link
              to={`/deliveries/${row.example}`}
              className="line-clamp-2 sm:min-w-[14rem] break-words hover:text-accent hover:underline"
            >
              {row.last_error ?? `delivery …${row.example.slice(-12)}`}
            </Link>
          ),
        },
        { head: "Deliveries", figures: true, narrow: true, cell: (row) => formatCount(row.count) },
        {
          head: "First",
          onPhone: "hidden",
          figures: true,
          narrow: true,
          cell: (row) => <When at={row.first_at} />,
        },
        { head: "Last", figures: true, narrow: true, cell: (row) => <When at={row.last_at} /> },
        {
          head: "Actions",
          onPhone: "whole",
          figures: true,
          narrow: true,
          cell: (row) => (
            <span className="inline-flex items-center gap-1 whitespace-nowrap max-sm:flex-wrap">
              <ButtonLink
                size="small"
                look="quiet"
                to={`/deliveries?${new URLSearchParams({ status: "dead", function: row.function, cause: row.cause })}`}
                aria-label={`Show them: ${row.function}, ${causeInWords(row.cause)}`}
              >
                Show them
              </ButtonLink>
              <ReplayGroup group={row} />
            </span>
          ),
        },
      ]}
    />
  );
}
