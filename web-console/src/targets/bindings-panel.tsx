import { useState } from "react";
import { Link } from "react-router";
import { Button } from "../ui/button";
import { Empty } from "../ui/empty";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { TableSkeleton } from "../ui/skeleton";
import { Table } from "../ui/table";
import { EditBindings } from "./edit-bindings";
import { type Binding, useBindings } from "./queries";

/** The functions that a call of a target runs, and their change. */
export function BindingsPanel({ target }: { target: string }) {
  const bindings = useBindings(target);
  const [editing, setEditing] = useState(false);
  const rows = bindings.data?.data;
  return (
    <Panel
      title="Functions that run here"
      note="In the order in which a call answers with their results."
      flush
      actions={rows && !editing && <Button onClick={() => setEditing(true)}>Change…</Button>}
    >
      {bindings.isError ? (
        <div className="px-5 pb-5">
          <ProblemNotice thrown={bindings.error} retry={() => bindings.refetch()} />
        </div>
      ) : !rows ? (
        <TableSkeleton rows={2} />
      ) : editing ? (
        <EditBindings target={target} before={rows} onClose={() => setEditing(false)} />
      ) : rows.length > 0 ? (
        <BindingTable rows={rows} />
      ) : (
        <Empty title="None of yours runs here">
          Create a function that answers {target}, promote a version, and bind it here.
        </Empty>
      )}
    </Panel>
  );
}

function BindingTable({ rows }: { rows: Binding[] }) {
  return (
    <Table<Binding>
      caption="Functions that run here"
      rows={rows}
      rowKey={(row) => row.function}
      columns={[
        {
          head: "Function",
          cell: (row) => (
            <Link to={`/functions/${row.function}`} className="font-medium hover:text-accent hover:underline">
              {row.function}
            </Link>
          ),
        },
        { head: "Alias", narrow: true, cell: (row) => `${row.alias}, v${row.version}` },
        {
          head: "When it fails",
          narrow: true,
          cell: (row) => (row.on_error === "fail" ? "the call fails" : "the others stand"),
        },
      ]}
    />
  );
}
