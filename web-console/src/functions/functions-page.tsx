import { Plus } from "lucide-react";
import { Link } from "react-router";
import { compactCount, formatShare, share } from "../figures/count";
import { Badge } from "../ui/badge";
import { Button, ButtonLink } from "../ui/button";
import { ProblemNotice } from "../ui/notice";
import { PageHead, Panel } from "../ui/panel";
import { TableSkeleton } from "../ui/skeleton";
import { Table } from "../ui/table";
import { When } from "../ui/when";
import { Doors } from "./doors";
import { type TenantFunction, useFunctions } from "./queries";
import { Sparkline } from "./sparkline";
import { useWeek } from "./week";

export function FunctionsPage() {
  const functions = useFunctions();
  const week = useWeek();
  const rows = functions.data?.pages.flatMap((page) => page.data) ?? [];

  if (functions.isError) return <ProblemNotice thrown={functions.error} retry={() => functions.refetch()} />;
  if (functions.isSuccess && rows.length === 0) {
    return (
      <>
        <PageHead
          title="Your first function"
          note="A function is a small WebAssembly module that the platform calls, in a checkout for instance. Each call runs alone, within limits, and is billed by what it used."
        />
        <Doors />
      </>
    );
  }
  return (
    <>
      <PageHead
        title="Functions"
        actions={
          <ButtonLink look="primary" to="/functions/new">
            <Plus className="size-4" aria-hidden />
            New function
          </ButtonLink>
        }
      />
      <Panel flush>
        {functions.isPending ? (
          <TableSkeleton />
        ) : (
          <Table<TenantFunction>
            caption="Functions"
            rows={rows}
            rowKey={(row) => row.id}
            columns={[
              {
                head: "Function",
                cell: (row) => (
                  <Link
                    to={`/functions/${row.name}`}
                    className="font-medium hover:text-accent hover:underline"
                  >
                    {row.name}
                  </Link>
                ),
              },
              {
                head: "Live",
                narrow: true,
                cell: (row) => (row.live ? <Badge tone="good">v{row.live}</Badge> : <Badge>not live</Badge>),
              },
              { head: "Target", cell: (row) => row.target ?? <span className="text-muted">none</span> },
              {
                head: "Runs, 7 days",
                figures: true,
                narrow: true,
                cell: (row) => {
                  const runs = week.of(row.name);
                  return (
                    <span className="inline-flex items-center justify-end gap-3">
                      <Sparkline values={runs.perDay} />
                      {compactCount(runs.invocations)}
                    </span>
                  );
                },
              },
              {
                head: "Failed",
                figures: true,
                narrow: true,
                cell: (row) => {
                  const { errors, invocations } = week.of(row.name);
                  return (
                    <span className={errors > 0 ? "text-bad" : "text-muted"}>
                      {formatShare(share(errors, invocations))}
                    </span>
                  );
                },
              },
              { head: "Created", figures: true, narrow: true, cell: (row) => <When at={row.created_at} /> },
            ]}
          />
        )}
      </Panel>
      {functions.hasNextPage && (
        <div className="mt-4 text-center">
          <Button busy={functions.isFetchingNextPage} onClick={() => functions.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}
