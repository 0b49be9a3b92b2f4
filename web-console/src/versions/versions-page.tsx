import { useThisFunction } from "../functions/this-function";
import { Button } from "../ui/button";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { TableSkeleton } from "../ui/skeleton";
import { Moves } from "./moves";
import { useVersions } from "./queries";
import { UploadPanel } from "./upload-panel";
import { VersionTable } from "./version-table";

export function VersionsPage() {
  const { name, live, versions } = useThisFunction();
  const list = useVersions(name);
  const rows = list.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <div className="grid gap-5">
      <UploadPanel key={name} name={name} first={versions === 0} />
      {list.isError && <ProblemNotice thrown={list.error} retry={() => list.refetch()} />}
      {(list.isPending || rows.length > 0) && (
        <Panel
          title="Versions"
          note="A version never changes. What callers get is the one that is live."
          flush
        >
          {list.isPending ? (
            <TableSkeleton rows={2} />
          ) : (
            <VersionTable name={name} live={live ?? null} rows={rows} />
          )}
          {list.hasNextPage && (
            <div className="p-4 text-center">
              <Button busy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
                Show older versions
              </Button>
            </div>
          )}
        </Panel>
      )}
      <Moves name={name} />
    </div>
  );
}
