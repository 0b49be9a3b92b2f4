import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { Actor } from "../tenant/actor";
import { Badge } from "../ui/badge";
import { Button, ButtonLink } from "../ui/button";
import { Code } from "../ui/code";
import { Confirm } from "../ui/confirm";
import { Facts } from "../ui/facts";
import { Crumb } from "../ui/links";
import { ProblemNotice } from "../ui/notice";
import { PageHead, Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { useSay } from "../ui/toast";
import { When } from "../ui/when";
import { addressOf } from "./address";
import { type Source, useChangeSource, useDeleteSource, useSource } from "./queries";
import { SCHEMES } from "./schemes";
import { Secrets } from "./secrets";
import { inWords } from "./settings";

/** One source: what to paste at its sender, and the secrets that its webhooks are held against. */
export function SourcePage() {
  const { id = "" } = useParams();
  const source = useSource(id);
  return (
    <>
      <Crumb to="/sources">Sources</Crumb>
      {source.isError && <ProblemNotice thrown={source.error} retry={() => source.refetch()} />}
      {source.isPending && <Skeleton lines={8} />}
      {source.isSuccess && <Shown source={source.data} />}
    </>
  );
}

function Shown({ source }: { source: Source }) {
  return (
    <>
      <PageHead
        title={source.name}
        note={
          source.paused ? (
            <>
              <Badge tone="warn">paused</Badge> Senders are told to try again later.
            </>
          ) : (
            <Badge tone="good">open</Badge>
          )
        }
        actions={<Actions source={source} />}
      />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
        <Panel title="Address" note={SCHEMES[source.scheme].paste}>
          <Code text={addressOf(source)} label="Address" wrap />
        </Panel>
        <Secrets source={source} />
        <Panel title="How it is read">
          <Facts
            facts={[
              ["Signed by", `${SCHEMES[source.scheme].label}. ${SCHEMES[source.scheme].note}`],
              ...inWords(source.scheme, source.settings),
              [
                "Created",
                <span key="created">
                  <When at={source.created_at} /> by <Actor actor={source.created_by} />
                </span>,
              ],
            ]}
          />
        </Panel>
      </div>
    </>
  );
}

function Actions({ source }: { source: Source }) {
  const change = useChangeSource(source.id);
  const remove = useDeleteSource(source.id);
  const [deleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  const say = useSay();
  return (
    <>
      <ButtonLink to={`/events?${new URLSearchParams({ source: source.name })}`}>Its events</ButtonLink>
      <Button busy={change.isPending} onClick={() => change.mutate({ paused: !source.paused })}>
        {source.paused ? "Take in again" : "Pause"}
      </Button>
      <Button look="quiet" onClick={() => setDeleting(true)}>
        Delete…
      </Button>
      <Confirm
        open={deleting}
        onClose={() => setDeleting(false)}
        title={`Delete ${source.name}?`}
        action="Delete"
        keep="Keep it"
        doing={{
          ...remove,
          mutate: () =>
            remove.mutate(undefined, {
              onSuccess: () => {
                say(`${source.name} is deleted`);
                navigate("/sources");
              },
            }),
        }}
      >
        <p>Its address answers 404 from now on. Events that came through it stay.</p>
      </Confirm>
    </>
  );
}
