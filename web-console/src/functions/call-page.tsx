import { Link } from "react-router";
import { useTenant } from "../tenant/queries";
import { Code } from "../ui/code";
import { Facts } from "../ui/facts";
import { Notice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { callByCurl, callByFetch } from "./call";
import { useThisFunction } from "./this-function";

/** The address of the function and what to send there. */
export function CallPage() {
  const { name, live } = useThisFunction();
  const { data: tenant } = useTenant();
  if (!tenant) return <Skeleton lines={6} />;
  const url = `${tenant.invoke_url}/v1/invoke/${name}`;
  return (
    <div className="grid gap-5">
      {!live && (
        <Notice tone="info" title="No version is live, so a call would be answered with 404.">
          <Link to={`/functions/${name}`} className="underline underline-offset-2">
            Promote a version
          </Link>{" "}
          first.
        </Notice>
      )}
      <Panel
        title="From a shell"
        note={
          <>
            With an{" "}
            <Link to="/keys" className="underline underline-offset-2">
              API key
            </Link>{" "}
            in CARTWRIGHT_KEY.
          </>
        }
      >
        <Code text={callByCurl(url)} label="curl command" />
      </Panel>
      <Panel title="From JavaScript">
        <Code text={callByFetch(url)} label="JavaScript" />
      </Panel>
      <Panel title="What comes back" note="The function's output as the body, and these headers.">
        <Facts
          facts={[
            ["Cartwright-Invocation-Id", "the run, to find it under Runs"],
            ["Cartwright-Version", "the version that ran"],
            ["Cartwright-Fuel", "the compute it used; the same input always uses the same"],
            ["Cartwright-Memory-Peak", "bytes"],
            ["Cartwright-Duration-Us", "microseconds"],
            ["Cartwright-Cost", "the list price of this run"],
          ].map(([header, meaning]) => [
            <code key={header} className="font-mono text-[13px]">
              {header}
            </code>,
            meaning,
          ])}
        />
        <p className="mt-4 text-muted">
          A run that the function fails is answered with status 422 and a problem document, whose{" "}
          <code className="font-mono text-[13px]">code</code> says which limit it met.
        </p>
      </Panel>
    </div>
  );
}
