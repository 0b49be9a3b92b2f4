import { Plus } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { Badge } from "../ui/badge";
import { Button } from "../ui/button";
import { Copyable } from "../ui/copyable";
import { Empty } from "../ui/empty";
import { Paged } from "../ui/paged";
import { PageHead } from "../ui/panel";
import { Table } from "../ui/table";
import { When } from "../ui/when";
import { addressOf } from "./address";
import { CreateSource } from "./create-source";
import { type Source, useSources } from "./queries";
import { SCHEMES } from "./schemes";

/** Where webhooks of third parties come in. */
export function SourcesPage() {
  const sources = useSources();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <PageHead
        title="Sources"
        note="A source takes in the webhooks of one sender, at an address of its own. Only what the sender signed becomes an event."
        actions={
          <Button look="primary" onClick={() => setCreating(true)}>
            <Plus className="size-4" aria-hidden />
            Create a source
          </Button>
        }
      />
      <Paged
        list={sources}
        empty={
          <Empty title="No sources yet">
            Create one for each service that is to send you webhooks, such as Shopify or GitHub. You get an
            address to paste there.
          </Empty>
        }
      >
        {(rows) => <SourceTable rows={rows} />}
      </Paged>
      <CreateSource open={creating} onClose={() => setCreating(false)} />
    </>
  );
}

function SourceTable({ rows }: { rows: Source[] }) {
  return (
    <Table<Source>
      stacked
      caption="Sources"
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          head: "Source",
          cell: (row) => (
            <Link to={`/sources/${row.id}`} className="font-medium hover:text-accent hover:underline">
              {row.name}
            </Link>
          ),
        },
        { head: "Signed by", narrow: true, cell: (row) => SCHEMES[row.scheme].label },
        {
          head: "Address",
          cell: (row) => (
            <div className="sm:min-w-[17rem]">
              <Copyable text={addressOf(row)} what={`address of ${row.name}`} />
            </div>
          ),
        },
        {
          head: "State",
          narrow: true,
          cell: (row) => (row.paused ? <Badge tone="warn">paused</Badge> : <Badge tone="good">open</Badge>),
        },
        { head: "Created", figures: true, narrow: true, cell: (row) => <When at={row.created_at} /> },
      ]}
    />
  );
}
