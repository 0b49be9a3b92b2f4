import { Play } from "lucide-react";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { useThisFunction } from "../functions/this-function";
import { Button, ButtonLink } from "../ui/button";
import { Empty } from "../ui/empty";
import { SelectField } from "../ui/field";
import { JsonEditor, jsonFault } from "../ui/json-editor";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { useTestRun, useVersion, useVersions } from "./queries";
import { sampleOf } from "./sample";
import { TryResult } from "./try-result";

/** Runs a version on an input that one can edit, under the limits of any run, billed to nobody. */
export function TryPage() {
  const { name, live } = useThisFunction();
  const [search, setSearch] = useSearchParams();
  const list = useVersions(name);
  const ready = list.data?.pages.flatMap((page) => page.data).filter((row) => row.status === "ready") ?? [];
  const asked = Number(search.get("version"));
  const chosen = asked || live || ready[0]?.version || null;

  if (list.isPending) return <Skeleton lines={6} />;
  if (list.isError) return <ProblemNotice thrown={list.error} retry={() => list.refetch()} />;
  if (chosen === null) {
    return (
      <Empty title="There is no version to try yet">
        <p className="mb-4">Upload a module first; it can be tried before it is live.</p>
        <ButtonLink to={`/functions/${name}`}>Upload a module</ButtonLink>
      </Empty>
    );
  }
  return (
    <Trial
      key={chosen}
      name={name}
      version={chosen}
      picker={
        <SelectField
          label="Version"
          value={chosen}
          onChange={(event) => setSearch({ version: event.target.value }, { replace: true })}
        >
          {ready.map((row) => (
            <option key={row.version} value={row.version}>
              v{row.version}
              {row.version === live ? " (live)" : ""}
            </option>
          ))}
        </SelectField>
      }
    />
  );
}

function Trial({ name, version, picker }: { name: string; version: number; picker: React.ReactNode }) {
  const detail = useVersion(name, version);
  const [edited, setEdited] = useState<string | null>(null);
  const test = useTestRun(name);
  const text = edited ?? sampleOf(detail.data);
  const fault = jsonFault(text);
  const run = () => !fault && !test.isPending && test.mutate({ version, input: text });
  return (
    <div className="grid items-start gap-5 lg:grid-cols-2">
      <Panel>
        <div className="grid gap-4">
          {picker}
          {detail.isPending ? (
            <Skeleton lines={8} />
          ) : (
            <JsonEditor label="Input" text={text} onChange={setEdited} rows={18} onSubmit={run} />
          )}
          <div className="flex flex-wrap items-center gap-3">
            <Button look="primary" onClick={run} disabled={fault !== null} busy={test.isPending}>
              <Play className="size-4" aria-hidden />
              {test.isPending ? "Running…" : "Run"}
            </Button>
            {edited !== null && (
              <Button look="quiet" onClick={() => setEdited(null)}>
                Back to the sample
              </Button>
            )}
            <span className="text-[13px] text-muted">Ctrl + Enter runs it. A try is never billed.</span>
          </div>
        </div>
      </Panel>
      <div aria-live="polite">
        {test.isError ? (
          <ProblemNotice thrown={test.error} />
        ) : test.data ? (
          <TryResult run={test.data} />
        ) : (
          <Panel>
            <Empty title="No result yet">
              The output, the fuel that it took, what such a run costs, and its log appear here.
            </Empty>
          </Panel>
        )}
      </div>
    </div>
  );
}
