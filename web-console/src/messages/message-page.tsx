import { RotateCcw } from "lucide-react";
import type { ReactNode } from "react";
import { useParams } from "react-router";
import { useEndpoint } from "../endpoints/queries";
import { exactTime, formatMicros } from "../figures/time";
import { Badge } from "../ui/badge";
import { Button } from "../ui/button";
import { Code } from "../ui/code";
import { Copyable } from "../ui/copyable";
import { Empty } from "../ui/empty";
import { Facts } from "../ui/facts";
import { Crumb, TextLink } from "../ui/links";
import { ProblemNotice } from "../ui/notice";
import { PageHead, Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { Table } from "../ui/table";
import { useSay } from "../ui/toast";
import { When } from "../ui/when";
import { outcomeInWords } from "./outcome";
import { type MessageAttempt, type MessageDetail, useMessage, useResend } from "./queries";
import { MessageStatus } from "./status";

/** One message: what is posted, and what every attempt came to. */
export function MessagePage() {
  const { id = "" } = useParams();
  const message = useMessage(id);
  return (
    <>
      <Crumb to={message.data ? `/endpoints/${message.data.endpoint_id}` : "/endpoints"}>Endpoint</Crumb>
      {message.isError && <ProblemNotice thrown={message.error} retry={() => message.refetch()} />}
      {message.isPending && <Skeleton lines={8} />}
      {message.isSuccess && <Shown message={message.data} />}
    </>
  );
}

function Shown({ message }: { message: MessageDetail }) {
  const resend = useResend(message.id);
  const { data: endpoint } = useEndpoint(message.endpoint_id);
  const say = useSay();
  return (
    <>
      <PageHead
        title={message.type}
        note={
          <>
            <MessageStatus of={message} /> to{" "}
            <TextLink to={`/endpoints/${message.endpoint_id}`}>{endpoint?.name ?? "its endpoint"}</TextLink>
          </>
        }
        actions={
          message.status !== "pending" && (
            <Button
              busy={resend.isPending}
              onClick={() => resend.mutate(undefined, { onSuccess: () => say("It is sent again") })}
            >
              <RotateCcw className="size-4" aria-hidden />
              Resend
            </Button>
          )
        }
      />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
        {resend.isError && <ProblemNotice thrown={resend.error} />}
        <Panel
          flush
          title="Attempts"
          note={
            message.next_attempt_at ? (
              <>
                The next comes <When at={message.next_attempt_at} />.
              </>
            ) : undefined
          }
        >
          {message.history.length === 0 ? (
            <Empty title="None yet">This page follows what happens.</Empty>
          ) : (
            <AttemptTable rows={message.history} />
          )}
        </Panel>
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-2">
          <Panel title="Payload">
            <Code text={JSON.stringify(message.payload, null, 2)} label="payload" tall />
          </Panel>
          <Panel title="About it">
            <Facts
              facts={[
                ["webhook-id", <Copyable key="id" text={message.id} what="message id" />],
                ...(message.delivery_id ? [madeBy(message.delivery_id)] : []),
                ["Made", exactTime(message.created_at)],
                ["Ended", message.ended_at ? exactTime(message.ended_at) : "not yet"],
                ...(message.last_error
                  ? ([["Last", outcomeInWords(message.last_error)]] as [string, string][])
                  : []),
              ]}
            />
          </Panel>
        </div>
      </div>
    </>
  );
}

function madeBy(delivery: string): [string, ReactNode] {
  return [
    "Made by",
    <TextLink key="delivery" to={`/deliveries/${delivery}`}>
      delivery …{delivery.slice(-12)}
    </TextLink>,
  ];
}

function AttemptTable({ rows }: { rows: MessageAttempt[] }) {
  return (
    <Table<MessageAttempt>
      stacked
      caption="Attempts, the first first"
      rows={rows}
      rowKey={(row) => row.started_at}
      columns={[
        { head: "Began", narrow: true, cell: (row) => <When at={row.started_at} /> },
        {
          head: "Outcome",
          cell: (row) => (
            <Badge tone={row.outcome === "delivered" ? "good" : "bad"}>{outcomeInWords(row.outcome)}</Badge>
          ),
        },
        { head: "Status", figures: true, narrow: true, cell: (row) => row.status ?? "–" },
        { head: "Took", figures: true, narrow: true, cell: (row) => formatMicros(row.duration_ms * 1000) },
      ]}
    />
  );
}
