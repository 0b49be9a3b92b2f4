import { Link, useSearchParams } from "react-router";
import { useThisFunction } from "../functions/this-function";
import { RunFilters } from "./run-filters";
import { RunList } from "./run-list";

/** The runs of one function. */
export function FunctionRunsPage() {
  const { name } = useThisFunction();
  const [search, setSearch] = useSearchParams();
  const ofThis = new URLSearchParams(search);
  ofThis.set("function", name);
  return (
    <>
      <RunFilters ofOne search={search} onChange={(next) => setSearch(next, { replace: true })} />
      <RunList
        ofOne
        search={ofThis}
        empty={
          search.size > 0 ? (
            "No run meets these filters."
          ) : (
            <>
              Nobody has called it yet. See{" "}
              <Link to={`/functions/${name}/call`} className="text-accent underline underline-offset-2">
                how to call it
              </Link>
              .
            </>
          )
        }
      />
    </>
  );
}
