import { Plus } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { Button } from "../ui/button";
import { Empty } from "../ui/empty";
import { Paged } from "../ui/paged";
import { PageHead } from "../ui/panel";
import { Table } from "../ui/table";
import { When } from "../ui/when";
import { CreateEndpoint } from "./create-endpoint";
import { NOTICES } from "./notices";
import { type Endpoint, useEndpoints } from "./queries";
import { EndpointState } from "./state";

/** Where messages go: notices, and what functions put out. */
export function EndpointsPage() {
  const endpoints = useEndpoints();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <PageHead
        title="Endpoints"
        note="Addresses of yours that get signed messages: notices of what went wrong, and the output of functions."
        actions={
          <Button look="primary" onClick={() => setCreating(true)}>
            <Plus className="size-4" aria-hidden />
            Create an endpoint
          </Button>
        }
      />
      <Paged
        list={endpoints}
        empty={
          <Empty title="No endpoints yet">
            Create one, and you are told when deliveries die or something is paused, instead of finding out.
          </Empty>
        }
      >
        {(rows) => <EndpointTable rows={rows} />}
      </Paged>
      <CreateEndpoint open={creating} onClose={() => setCreating(false)} />
    </>
  );
}

function EndpointTable({ rows }: { rows: Endpoint[] }) {
  return (
    <Table<Endpoint>
      stacked
      caption="Endpoints"
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          head: "Endpoint",
          cell: (row) => (
            <Link to={`/endpoints/${row.id}`} className="font-medium hover:text-accent hover:underline">
              {row.name}
            </Link>
          ),
        },
        {
          head: "Address",
          cell: (row) => (
            <code className="block min-w-[15rem] font-mono text-[13px] break-all">{row.url}</code>
          ),
        },
        {
          head: "Is told of",
          cell: (row) => (
            <span className="text-muted">
              {row.notices.map((notice) => NOTICES[notice].toLowerCase()).join("; ") || "outputs alone"}
            </span>
          ),
        },
        { head: "State", narrow: true, cell: (row) => <EndpointState of={row} /> },
        { head: "Created", figures: true, narrow: true, cell: (row) => <When at={row.created_at} /> },
      ]}
    />
  );
}
