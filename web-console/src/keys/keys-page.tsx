import { Plus } from "lucide-react";
import { useState } from "react";
import { Badge } from "../ui/badge";
import { Button } from "../ui/button";
import { Copyable } from "../ui/copyable";
import { Empty } from "../ui/empty";
import { ProblemNotice } from "../ui/notice";
import { PageHead, Panel } from "../ui/panel";
import { TableSkeleton } from "../ui/skeleton";
import { Table } from "../ui/table";
import { When } from "../ui/when";
import { CreateKey } from "./create-key";
import { type ApiKey, useKeys } from "./queries";
import { RevokeKey } from "./revoke-key";
import { SCOPES, type Scope } from "./scopes";

export function KeysPage() {
  const keys = useKeys();
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  return (
    <>
      <PageHead
        title="API keys"
        note="A key stands for this tenant, not for you: it goes on working when you leave."
        actions={
          <Button look="primary" onClick={() => setCreating(true)}>
            <Plus className="size-4" aria-hidden />
            Create a key
          </Button>
        }
      />
      {keys.isError && <ProblemNotice thrown={keys.error} retry={() => keys.refetch()} />}
      <Panel flush>
        {keys.isPending ? (
          <TableSkeleton rows={2} />
        ) : (keys.data ?? []).length === 0 ? (
          <Empty title="No keys yet">
            Whoever calls your functions needs one: a shop's backend, a script, your CI. Create one for each,
            so that each can be revoked alone.
          </Empty>
        ) : (
          <KeyTable rows={keys.data ?? []} onRevoke={setRevoking} />
        )}
      </Panel>
      <CreateKey open={creating} onClose={() => setCreating(false)} />
      <RevokeKey of={revoking} onClose={() => setRevoking(null)} />
    </>
  );
}

function KeyTable({ rows, onRevoke }: { rows: ApiKey[]; onRevoke: (key: ApiKey) => void }) {
  return (
    <Table<ApiKey>
      caption="API keys"
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        { head: "Name", cell: (row) => <span className="font-medium">{row.name}</span> },
        { head: "Id", narrow: true, cell: (row) => <Copyable text={row.id} what="key id" /> },
        {
          head: "May",
          cell: (row) => row.scopes.map((scope) => SCOPES[scope as Scope]?.label ?? scope).join(", "),
        },
        { head: "State", narrow: true, cell: (row) => <State of={row} /> },
        { head: "Created", figures: true, narrow: true, cell: (row) => <When at={row.created_at} /> },
        {
          head: "Actions",
          figures: true,
          narrow: true,
          cell: (row) =>
            row.revoked_at == null && (
              <Button
                size="small"
                look="quiet"
                aria-label={`Revoke ${row.name}`}
                onClick={() => onRevoke(row)}
              >
                Revoke…
              </Button>
            ),
        },
      ]}
    />
  );
}

function State({ of }: { of: ApiKey }) {
  if (of.revoked_at != null) return <Badge tone="bad">revoked</Badge>;
  if (of.expires_at == null) return <Badge tone="good">active</Badge>;
  if (new Date(of.expires_at) <= new Date()) return <Badge tone="warn">expired</Badge>;
  return (
    <span className="inline-flex items-center gap-2">
      <Badge tone="good">active</Badge>
      <span className="text-[13px] text-muted">
        ends <When at={of.expires_at} />
      </span>
    </span>
  );
}
