import type { ReactNode } from "react";
import { placesOf } from "../api/problem";
import { clockTime } from "../figures/time";
import { ProblemNotice } from "../ui/notice";
import { When } from "../ui/when";
import type { usePreview } from "./queries";
import { FIELDS, type Place } from "./rules";
import { READERS_ZONE } from "./zones";

type Asked = ReturnType<typeof usePreview>;

/** When the rule in the form fires next, by its own clock, and by the reader's where that differs. */
export function Preview({ of: preview, paused }: { of: Asked; paused: boolean }) {
  const title = paused ? "Would fire" : "Fires next";
  const isAwaited = preview.isPlaceholderData || (preview.isPending && preview.fetchStatus !== "idle");
  return (
    <section aria-label={title} className="grid gap-1.5">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <h3 className="text-[14.5px]">{title}</h3>
        {paused && <Note>once it is resumed</Note>}
        {isAwaited && <Awaited of={preview} />}
      </div>
      <div aria-live="polite" aria-busy={isAwaited}>
        <Next of={preview} />
      </div>
    </section>
  );
}

function Awaited({ of: preview }: { of: Asked }) {
  if (preview.fetchStatus === "paused") {
    return <Note>There is no connection: the times are worked out once it is back.</Note>;
  }
  return <Note>The times are being worked out…</Note>;
}

function Next({ of: preview }: { of: Asked }) {
  if (preview.isError) {
    // What is wrong with a field stands below it.
    const refused = placesOf(preview.error);
    const wrong = (Object.keys(FIELDS) as Place[]).find((place) => place in refused);
    if (wrong) return <Note>No times until “{FIELDS[wrong]}” is put right.</Note>;
    return <ProblemNotice thrown={preview.error} retry={() => preview.refetch()} />;
  }
  if (!preview.data) {
    return preview.fetchStatus === "idle" && <Note>Write a rule, and its next five times show.</Note>;
  }
  const { next, timezone } = preview.data;
  return (
    // Until they are worked out, these are another rule's.
    <ol className={`grid gap-1 ${preview.isPlaceholderData ? "text-muted" : ""}`}>
      {next.map((at) => (
        <li key={at} className="figures flex flex-wrap items-baseline gap-x-3">
          <span>{clockTime(at, timezone)}</span>
          {/* How long until then changes by itself, which is not news. */}
          <span className="text-[13px] text-muted" aria-live="off">
            {timezone === READERS_ZONE ? <When at={at} /> : `by yours ${clockTime(at)}`}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Note({ children }: { children: ReactNode }) {
  return <p className="text-[13px] text-muted">{children}</p>;
}
