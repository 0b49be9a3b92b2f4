import type { ReactNode } from "react";
import { Button } from "../ui/button";
import { Empty } from "../ui/empty";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { TableSkeleton } from "../ui/skeleton";
import { useInvocations } from "./queries";
import { RunTable } from "./run-table";

/** The runs that an address asks for. */
export function RunList({
  search,
  ofOne = false,
  empty,
}: {
  search: URLSearchParams;
  ofOne?: boolean;
  empty: ReactNode;
}) {
  const runs = useInvocations(search);
  const rows = runs.data?.pages.flatMap((page) => page.data) ?? [];
  if (runs.isError) return <ProblemNotice thrown={runs.error} retry={() => runs.refetch()} />;
  return (
    <>
      <Panel flush>
        {runs.isPending ? (
          <TableSkeleton rows={6} />
        ) : rows.length > 0 ? (
          <RunTable rows={rows} ofOne={ofOne} />
        ) : (
          <Empty title="No runs here">{empty}</Empty>
        )}
      </Panel>
      {runs.hasNextPage && (
        <div className="mt-4 text-center">
          <Button busy={runs.isFetchingNextPage} onClick={() => runs.fetchNextPage()}>
            Show older runs
          </Button>
        </div>
      )}
    </>
  );
}
