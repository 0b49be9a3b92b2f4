import { Plus } from "lucide-react";
import { Button, ButtonLink } from "../ui/button";
import { ProblemNotice } from "../ui/notice";
import { PageHead, Panel } from "../ui/panel";
import { TableSkeleton } from "../ui/skeleton";
import { Doors } from "./doors";
import { FunctionTable } from "./function-table";
import { useFunctions } from "./queries";

/** The functions of the tenant; to someone who has none, the three ways to the first. */
export function FunctionsPage() {
  const functions = useFunctions();
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
      <Panel flush>{functions.isPending ? <TableSkeleton /> : <FunctionTable rows={rows} />}</Panel>
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
