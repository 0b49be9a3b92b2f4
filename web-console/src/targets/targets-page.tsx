import { Link } from "react-router";
import { Button } from "../ui/button";
import { Empty } from "../ui/empty";
import { ProblemNotice } from "../ui/notice";
import { PageHead, Panel } from "../ui/panel";
import { TableSkeleton } from "../ui/skeleton";
import { Table } from "../ui/table";
import { type TargetSummary, useTargets } from "./queries";

/** Where the platform calls functions. */
export function TargetsPage() {
  const targets = useTargets();
  const rows = targets.data?.pages.flatMap((page) => page.data) ?? [];
  if (targets.isError) return <ProblemNotice thrown={targets.error} retry={() => targets.refetch()} />;
  return (
    <>
      <PageHead
        title="Targets"
        note="The points at which the platform calls functions. A function answers one; which of yours run there, and in which order, is set by its bindings."
      />
      <Panel flush>
        {targets.isPending ? (
          <TableSkeleton />
        ) : rows.length > 0 ? (
          <TargetTable rows={rows} />
        ) : (
          <NoTargets />
        )}
      </Panel>
      {targets.hasNextPage && (
        <div className="mt-4 text-center">
          <Button busy={targets.isFetchingNextPage} onClick={() => targets.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

function TargetTable({ rows }: { rows: TargetSummary[] }) {
  return (
    <Table<TargetSummary>
      caption="Targets"
      rows={rows}
      rowKey={(row) => row.name}
      columns={[
        {
          head: "Target",
          narrow: true,
          cell: (row) => (
            <Link to={`/targets/${row.name}`} className="font-medium hover:text-accent hover:underline">
              {row.name}
            </Link>
          ),
        },
        { head: "What it is for", cell: (row) => row.description || row.title },
      ]}
    />
  );
}

function NoTargets() {
  return <Empty title="No targets yet">The operator of the platform defines them.</Empty>;
}
