import { Link, useSearchParams } from "react-router";
import { PageHead } from "../ui/panel";
import { RunFilters } from "./run-filters";
import { RunList } from "./run-list";

/** Every run of every function, newest first, by what the address asks for. */
export function RunsPage() {
  const [search, setSearch] = useSearchParams();
  return (
    <>
      <PageHead
        title="Runs"
        note="Every run, whether it was billed or not. New ones appear within seconds."
      />
      <RunFilters search={search} onChange={(next) => setSearch(next, { replace: true })} />
      <RunList
        search={search}
        empty={
          search.size > 0 ? (
            "No run meets these filters."
          ) : (
            <>
              A run appears here when someone calls one of your{" "}
              <Link to="/functions" className="text-accent underline underline-offset-2">
                functions
              </Link>
              , or when you try one.
            </>
          )
        }
      />
    </>
  );
}
