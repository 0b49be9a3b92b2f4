import { useState } from "react";
import { Link } from "react-router";
import { Empty } from "../ui/empty";
import { Paged } from "../ui/paged";
import { Segments } from "../ui/segments";
import { Table } from "../ui/table";
import { When } from "../ui/when";
import { outcomeInWords } from "./outcome";
import { type Message, useMessages } from "./queries";
import { MessageStatus, STATUSES } from "./status";

type Shown = Message["status"] | "all";
const CHOICES: Shown[] = ["all", ...(Object.keys(STATUSES) as Message["status"][])];

/** The messages to one endpoint, newest first. */
export function MessageList({ endpoint }: { endpoint: string }) {
  const [shown, setShown] = useState<Shown>("all");
  const messages = useMessages(endpoint, shown === "all" ? undefined : shown);
  return (
    <Paged
      title="Messages"
      note="Kept for 30 days."
      actions={
        <Segments
          label="Status of the messages"
          value={shown}
          onChange={setShown}
          options={CHOICES.map((value) => ({ value, label: value }))}
        />
      }
      list={messages}
      empty={
        <Empty title={shown === "all" ? "No messages yet" : `None is ${shown}`}>
          {shown === "all" ? "Send a test, to see that it listens." : "Look at all of them."}
        </Empty>
      }
    >
      {(rows) => <MessageTable rows={rows} />}
    </Paged>
  );
}

function MessageTable({ rows }: { rows: Message[] }) {
  return (
    <Table<Message>
      stacked
      caption="Messages, newest first"
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          head: "Type",
          narrow: true,
          cell: (row) => (
            <Link to={`/messages/${row.id}`} className="font-medium hover:text-accent hover:underline">
              {row.type}
            </Link>
          ),
        },
        { head: "Status", narrow: true, cell: (row) => <MessageStatus of={row} /> },
        {
          head: "Last",
          cell: (row) =>
            (row.last_error && outcomeInWords(row.last_error)) ?? (
              <span className="text-muted">{row.ended_at ? "received" : "–"}</span>
            ),
        },
        { head: "Attempts", figures: true, narrow: true, cell: (row) => row.attempts },
        {
          head: "Next",
          figures: true,
          narrow: true,
          cell: (row) => (row.next_attempt_at ? <When at={row.next_attempt_at} /> : "–"),
        },
        { head: "Made", figures: true, narrow: true, cell: (row) => <When at={row.created_at} /> },
      ]}
    />
  );
}
