import { useState } from "react";
import { formatBytes } from "../figures/bytes";
import { Badge } from "../ui/badge";
import { Button, ButtonLink } from "../ui/button";
import { Copyable } from "../ui/copyable";
import { Table } from "../ui/table";
import { When } from "../ui/when";
import { PromoteButton } from "./promote-button";
import type { Version } from "./queries";
import { VersionDialog } from "./version-dialog";

/** The versions of a function, newest first, and what can be done with each. */
export function VersionTable({ name, live, rows }: { name: string; live: number | null; rows: Version[] }) {
  const [shown, setShown] = useState<number | null>(null);
  return (
    <>
      <Table<Version>
        caption={`Versions of ${name}`}
        rows={rows}
        rowKey={(row) => String(row.version)}
        columns={[
          {
            head: "Version",
            narrow: true,
            cell: (row) => (
              <button
                type="button"
                onClick={() => setShown(row.version)}
                aria-label={`Details of v${row.version}`}
                className="font-medium underline decoration-line decoration-2 underline-offset-3 hover:text-accent hover:decoration-accent"
              >
                v{row.version}
              </button>
            ),
          },
          { head: "State", narrow: true, cell: (row) => <State of={row} live={row.version === live} /> },
          { head: "SHA-256", cell: (row) => <Copyable text={row.sha256} what="SHA-256" first={12} /> },
          { head: "Size", figures: true, narrow: true, cell: (row) => formatBytes(row.size_bytes) },
          { head: "Uploaded", figures: true, narrow: true, cell: (row) => <When at={row.created_at} /> },
          {
            head: "Actions",
            figures: true,
            narrow: true,
            cell: (row) =>
              row.status === "ready" ? (
                <span className="inline-flex gap-2">
                  {row.version !== live && <PromoteButton name={name} version={row} />}
                  <ButtonLink size="small" look="quiet" to={`/functions/${name}/try?version=${row.version}`}>
                    Try
                  </ButtonLink>
                </span>
              ) : row.status === "refused" ? (
                <Button size="small" look="quiet" onClick={() => setShown(row.version)}>
                  Why?
                </Button>
              ) : null,
          },
        ]}
      />
      <VersionDialog name={name} version={shown} onClose={() => setShown(null)} />
    </>
  );
}

function State({ of, live }: { of: Version; live: boolean }) {
  if (live) return <Badge tone="good">live</Badge>;
  if (of.status === "refused") return <Badge tone="bad">refused</Badge>;
  if (of.status === "compiling") return <Badge tone="warn">compiling</Badge>;
  return <Badge>ready</Badge>;
}
