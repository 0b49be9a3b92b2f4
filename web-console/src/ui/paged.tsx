import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "./button";
import { ProblemNotice } from "./notice";
import { Panel } from "./panel";
import { TableSkeleton } from "./skeleton";

/** A list that is asked for page by page: its rows in a panel, or what stands in their place. */
export function Paged<Row>({
  list,
  empty,
  title,
  note,
  actions,
  children,
}: {
  list: UseInfiniteQueryResult<InfiniteData<{ data: Row[] }>>;
  /** What brings the first row. */
  empty: ReactNode;
  title?: string;
  note?: ReactNode;
  actions?: ReactNode;
  children: (rows: Row[]) => ReactNode;
}) {
  const rows = list.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <Panel flush title={title} note={note} actions={actions}>
        {list.isError ? (
          <div className="px-5 pb-5">
            <ProblemNotice thrown={list.error} retry={() => list.refetch()} />
          </div>
        ) : list.isPending ? (
          <TableSkeleton />
        ) : rows.length > 0 ? (
          children(rows)
        ) : (
          empty
        )}
      </Panel>
      {list.hasNextPage && (
        <div className="text-center">
          <Button busy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </div>
  );
}
