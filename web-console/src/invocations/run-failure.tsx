import type { Schemas } from "../api/client";
import { sentence } from "../api/problem";
import { Notice } from "../ui/notice";

/** Why a run failed: the sentence, the limit that it met, and where in the module. */
export function RunFailure({ error }: { error: Schemas["RunError"] }) {
  return (
    <Notice tone="bad" title={sentence(error.message)}>
      {error.backtrace.length > 0 && <Backtrace frames={error.backtrace} />}
    </Notice>
  );
}

function Backtrace({ frames }: { frames: string[] }) {
  return (
    <details className="mt-2" open={frames.length <= 8}>
      <summary>Backtrace, innermost first</summary>
      <ol className="mt-1 list-inside list-decimal font-mono text-[13px] break-all">
        {frames.map((frame, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same function may stand in a backtrace many times.
          <li key={place}>{frame}</li>
        ))}
      </ol>
    </details>
  );
}
