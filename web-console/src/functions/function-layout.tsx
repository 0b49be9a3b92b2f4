import { Ellipsis, Trash2 } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import { Link, Outlet, useParams } from "react-router";
import { Badge } from "../ui/badge";
import { ProblemNotice } from "../ui/notice";
import { Skeleton } from "../ui/skeleton";
import { Tabs } from "../ui/tabs";
import { DeleteFunction } from "./delete-function";
import { type TenantFunction, useFunction } from "./queries";

/** What stands above every page of one function: its name, what is live, and the pages. */
export function FunctionLayout() {
  const { name = "" } = useParams();
  const found = useFunction(name);
  if (found.isError) return <ProblemNotice thrown={found.error} retry={() => found.refetch()} />;
  const base = `/functions/${name}`;
  return (
    <>
      <title>{`${name} · Cartwright`}</title>
      <Link to="/functions" className="text-[13px] text-muted hover:text-ink hover:underline">
        Functions
      </Link>
      <div className="mt-0.5 mb-4 flex flex-wrap items-center gap-x-3 gap-y-1">
        <h1 className="text-[22px] break-all">{name}</h1>
        {found.data && <LiveBadge of={found.data} />}
        {found.data?.target && (
          <span className="text-muted">
            answers{" "}
            <Link to={`/targets/${found.data.target}`} className="hover:text-ink hover:underline">
              {found.data.target}
            </Link>
          </span>
        )}
        <div className="ml-auto">
          <Menu name={name} />
        </div>
      </div>
      <Tabs
        label={`Pages of ${name}`}
        tabs={[
          { to: base, label: "Versions" },
          { to: `${base}/try`, label: "Try" },
          { to: `${base}/shadow`, label: "Shadow run" },
          { to: `${base}/settings`, label: "Settings" },
          { to: `${base}/triggers`, label: "Triggers" },
          { to: `${base}/runs`, label: "Runs" },
          { to: `${base}/logs`, label: "Logs" },
          { to: `${base}/call`, label: "How to call it" },
        ]}
      />
      {found.data ? <Outlet context={found.data} /> : <Skeleton lines={6} />}
    </>
  );
}

function LiveBadge({ of }: { of: TenantFunction }) {
  return of.live ? <Badge tone="good">v{of.live} live</Badge> : <Badge>not live</Badge>;
}

function Menu({ name }: { name: string }) {
  const [deleting, setDeleting] = useState(false);
  return (
    <>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger
          aria-label={`More for ${name}`}
          className="rounded-control p-1.5 text-muted transition-colors hover:bg-sunken hover:text-ink"
        >
          <Ellipsis className="size-4.5" aria-hidden />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content
            align="end"
            sideOffset={4}
            className="z-40 min-w-44 rounded-control border border-line bg-surface p-1 shadow-over"
          >
            <DropdownMenu.Item
              onSelect={() => setDeleting(true)}
              className="flex items-center gap-2 rounded-[5px] px-2.5 py-1.5 text-bad outline-none data-[highlighted]:bg-bad-wash"
            >
              <Trash2 className="size-4" aria-hidden />
              Delete…
            </DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <DeleteFunction name={name} open={deleting} onClose={() => setDeleting(false)} />
    </>
  );
}
