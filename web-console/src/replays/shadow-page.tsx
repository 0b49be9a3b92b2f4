import { useState } from "react";
import { useThisFunction } from "../functions/this-function";
import { Button } from "../ui/button";
import { Empty } from "../ui/empty";
import { SelectField } from "../ui/field";
import { ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { Skeleton } from "../ui/skeleton";
import { useVersions } from "../versions/queries";
import { Batch } from "./batch";
import { GatePanel } from "./gate-panel";
import { useBatches, useStartBatch } from "./queries";

const LAST = [10, 100, 500, 1000];

/** Runs a version on what was recorded, before anyone meets it: what comes out otherwise, what it burns, what that costs. */
export function ShadowPage() {
  const { name, live } = useThisFunction();
  const versions = useVersions(name);
  const batches = useBatches(name);
  const [shown, setShown] = useState<string | null>(null);
  if (versions.isError) return <ProblemNotice thrown={versions.error} retry={() => versions.refetch()} />;
  if (batches.isError) return <ProblemNotice thrown={batches.error} retry={() => batches.refetch()} />;
  if (versions.isPending || batches.isPending) return <Skeleton lines={6} />;
  const ready = versions.data.pages
    .flatMap((page) => page.data)
    .filter((row) => row.status === "ready")
    .map((row) => row.version);
  const [newest] = ready;
  if (newest === undefined) {
    return <Empty title="There is no version to run yet">Upload a module first.</Empty>;
  }
  const list = batches.data.data;
  const batch = list.find((batch) => batch.id === shown) ?? list[0];
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <Start name={name} ready={ready} newest={newest} live={live ?? null} onStart={setShown} />
      {batch && (
        <Batch
          key={batch.id}
          name={name}
          batch={batch}
          live={live ?? null}
          picker={
            list.length > 1 && (
              <SelectField
                label="Shadow run"
                value={batch.id}
                onChange={(event) => setShown(event.target.value)}
              >
                {list.map((each) => (
                  <option key={each.id} value={each.id}>
                    v{each.version} against {each.against === "recorded" ? "the record" : `v${each.against}`},{" "}
                    {new Date(each.created_at).toLocaleString("en-GB")}
                  </option>
                ))}
              </SelectField>
            )
          }
        />
      )}
      <GatePanel name={name} />
    </div>
  );
}

function Start({
  name,
  ready,
  newest,
  live,
  onStart,
}: {
  name: string;
  ready: number[];
  newest: number;
  live: number | null;
  onStart: (id: string) => void;
}) {
  const [version, setVersion] = useState(newest);
  const [against, setAgainst] = useState<number | "recorded">("recorded");
  const [last, setLast] = useState(100);
  const start = useStartBatch(name);
  const option = (number: number) => (
    <option key={number} value={number}>
      v{number}
      {number === live ? " (live)" : ""}
    </option>
  );
  return (
    <Panel
      title="Shadow run"
      note="Runs a version on recorded inputs and compares. It changes nothing and is never billed."
    >
      <form
        className="flex flex-wrap items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          start.mutate({ version, against, last }, { onSuccess: (batch) => onStart(batch.id) });
        }}
      >
        <SelectField
          label="Version"
          value={version}
          onChange={(event) => {
            setVersion(Number(event.target.value));
            setAgainst("recorded");
          }}
        >
          {ready.map(option)}
        </SelectField>
        <SelectField
          label="Compared with"
          value={against}
          onChange={(event) =>
            setAgainst(event.target.value === "recorded" ? "recorded" : Number(event.target.value))
          }
        >
          <option value="recorded">what was recorded</option>
          {ready.filter((number) => number !== version).map(option)}
        </SelectField>
        <SelectField
          label="Newest runs"
          value={last}
          onChange={(event) => setLast(Number(event.target.value))}
        >
          {LAST.map((count) => (
            <option key={count} value={count}>
              {count.toLocaleString("en-US")}
            </option>
          ))}
        </SelectField>
        <Button look="primary" type="submit" busy={start.isPending}>
          Start
        </Button>
      </form>
      {start.isError && <ProblemNotice thrown={start.error} />}
    </Panel>
  );
}
