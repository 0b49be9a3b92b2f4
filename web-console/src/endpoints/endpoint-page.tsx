import { useParams } from "react-router";
import { MessageList } from "../messages/message-list";
import { Actor } from "../tenant/actor";
import { Copyable } from "../ui/copyable";
import { Facts } from "../ui/facts";
import { Crumb } from "../ui/links";
import { Notice, ProblemNotice } from "../ui/notice";
import { PageHead, Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { When } from "../ui/when";
import { EndpointActions } from "./endpoint-actions";
import { NOTICES } from "./notices";
import { type EndpointDetail, useEndpoint } from "./queries";
import { SigningSecret } from "./signing-secret";
import { EndpointState } from "./state";

/** One endpoint: what it is told, whether it listens, and every message to it. */
export function EndpointPage() {
  const { id = "" } = useParams();
  const endpoint = useEndpoint(id);
  return (
    <>
      <Crumb to="/endpoints">Endpoints</Crumb>
      {endpoint.isError && <ProblemNotice thrown={endpoint.error} retry={() => endpoint.refetch()} />}
      {endpoint.isPending && <Skeleton lines={8} />}
      {endpoint.isSuccess && <Shown endpoint={endpoint.data} />}
    </>
  );
}

function Shown({ endpoint }: { endpoint: EndpointDetail }) {
  return (
    <>
      <PageHead
        title={endpoint.name}
        note={<EndpointState of={endpoint} />}
        actions={<EndpointActions endpoint={endpoint} />}
      />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
        {endpoint.disabled_at && (
          <Notice tone="bad" title="Nothing is sent to it">
            {endpoint.disabled_because ?? "It was disabled by somebody of yours."} Its messages wait, five
            days at most.
          </Notice>
        )}
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-2">
          <Panel title="About it">
            <Facts
              facts={[
                ["Address", <Copyable key="url" text={endpoint.url} what="address" />],
                ["Is told of", endpoint.notices.map((each) => NOTICES[each].toLowerCase()).join("; ") || "–"],
                ["Failed in a row", <Failures key="failures" of={endpoint} />],
                [
                  "Created",
                  <span key="created">
                    <When at={endpoint.created_at} /> by <Actor actor={endpoint.created_by} />
                  </span>,
                ],
                ["Id", <Copyable key="id" text={endpoint.id} what="endpoint id" />],
              ]}
            />
          </Panel>
          <SigningSecret endpoint={endpoint} />
        </div>
        <MessageList endpoint={endpoint.id} />
      </div>
    </>
  );
}

function Failures({ of: endpoint }: { of: EndpointDetail }) {
  if (endpoint.failures === 0) return "none";
  return (
    <>
      {endpoint.failures}
      {endpoint.failing_since && (
        <>
          , since <When at={endpoint.failing_since} />
        </>
      )}
      {endpoint.blocked_until && (
        <>
          ; left alone until <When at={endpoint.blocked_until} />
        </>
      )}
    </>
  );
}
