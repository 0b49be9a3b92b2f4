import { RotateCcw } from "lucide-react";
import { useState } from "react";
import { formatDelta } from "../figures/delta";
import type { InvocationDetail } from "../invocations/queries";
import { Badge } from "../ui/badge";
import { Button } from "../ui/button";
import { SelectField } from "../ui/field";
import { Notice, ProblemNotice } from "../ui/notice";
import { Panel } from "../ui/panel";
import { useVersions } from "../versions/queries";
import { type Replay, useReplay } from "./queries";
import { TwoSides } from "./two-sides";

/** Runs a recorded run again, on its own version or another, and shows both. */
export function RunReplay({ run }: { run: InvocationDetail }) {
  const name = run.function ?? "";
  const list = useVersions(name);
  const ready = list.data?.pages.flatMap((page) => page.data).filter((row) => row.status === "ready") ?? [];
  const [version, setVersion] = useState(run.version);
  const replay = useReplay(run.invocation_id);
  return (
    <Panel
      title="Replay"
      note="The same input once more, with the clock, the randomness and the settings of this run. Never billed."
    >
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
        <div className="flex flex-wrap items-end gap-3">
          <SelectField
            label="On version"
            value={version}
            onChange={(event) => setVersion(Number(event.target.value))}
          >
            {ready.map((row) => (
              <option key={row.version} value={row.version}>
                v{row.version}
                {row.version === run.version ? " (as it ran)" : ""}
              </option>
            ))}
          </SelectField>
          <Button look="primary" busy={replay.isPending} onClick={() => replay.mutate(version)}>
            <RotateCcw className="size-4" aria-hidden />
            Replay
          </Button>
        </div>
        <div aria-live="polite">
          {replay.isError && <ProblemNotice thrown={replay.error} />}
          {replay.data && <Compared replay={replay.data} />}
        </div>
      </div>
    </Panel>
  );
}

function Compared({ replay }: { replay: Replay }) {
  const { recorded, replayed } = replay;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <p className="flex flex-wrap gap-2">
        {replay.output_equal ? (
          <Badge tone="good">equal output</Badge>
        ) : (
          <Badge tone="warn">another output</Badge>
        )}
        {replay.fuel_equal ? (
          <Badge tone="good">equal fuel</Badge>
        ) : (
          <Badge tone="warn">{formatDelta(replayed.fuel - recorded.fuel)} fuel</Badge>
        )}
        {!replay.comparable && <Badge>not comparable</Badge>}
      </p>
      {replay.why_not.length > 0 && (
        <Notice tone="info" title="More than the version is different here">
          {replay.why_not.map((why) => why.detail).join("; ")}
        </Notice>
      )}
      <TwoSides
        before={recorded}
        after={replayed}
        titles={["As it was recorded", "As it went now"]}
        difference={replay.difference}
      />
    </div>
  );
}
