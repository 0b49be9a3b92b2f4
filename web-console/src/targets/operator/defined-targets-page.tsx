import { Link } from "react-router";
import { OperatorPage } from "../../operator/operator-page";
import { Button, ButtonLink } from "../../ui/button";
import { Empty } from "../../ui/empty";
import { ProblemNotice } from "../../ui/notice";
import { Panel } from "../../ui/panel";
import { TableSkeleton } from "../../ui/skeleton";
import { Table } from "../../ui/table";
import { When } from "../../ui/when";
import type { TargetSummary } from "../queries";
import { useDefinedTargets } from "./queries";

/** The targets, for the operator, who defines them. */
export function DefinedTargetsPage() {
  return (
    <OperatorPage
      title="Targets"
      note="The points at which the platform calls tenants' functions: what goes in, what must come out, and how much each may use."
      open="Show the targets"
      actions={
        <ButtonLink to="/operator/new-target" look="primary">
          New target
        </ButtonLink>
      }
    >
      {(platformKey) => <DefinedTargets platformKey={platformKey} />}
    </OperatorPage>
  );
}

function DefinedTargets({ platformKey }: { platformKey: string }) {
  const targets = useDefinedTargets(platformKey);
  const rows = targets.data?.pages.flatMap((page) => page.data) ?? [];
  if (targets.isError) return <ProblemNotice thrown={targets.error} retry={() => targets.refetch()} />;
  return (
    <>
      <Panel flush>
        {targets.isPending ? (
          <TableSkeleton />
        ) : rows.length === 0 ? (
          <Empty title="No targets yet">Define one, and tenants can write functions that answer it.</Empty>
        ) : (
          <DefinedTable rows={rows} />
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

function DefinedTable({ rows }: { rows: TargetSummary[] }) {
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
            <Link
              to={`/operator/targets/${row.name}`}
              className="font-medium hover:text-accent hover:underline"
            >
              {row.name}
            </Link>
          ),
        },
        { head: "What it is for", cell: (row) => row.description || row.title },
        {
          head: "Payload",
          narrow: true,
          cell: (row) => (row.input_query_allowed ? "whole or a part" : "whole"),
        },
        { head: "Changed", figures: true, narrow: true, cell: (row) => <When at={row.updated_at} /> },
      ]}
    />
  );
}
