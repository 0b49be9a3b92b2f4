import { useEffect, useRef } from "react";
import { Link } from "react-router";
import { exactTime } from "../figures/time";
import { Empty } from "../ui/empty";
import type { LogEntry, Row } from "./tail";

const CLOCK = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});

const COLOURS: Record<string, string> = { error: "text-bad", warn: "text-warn" };

/** The rows, the newest at the bottom. It follows them while nobody scrolled up. */
export function LogRows({ rows, follow, filtered }: { rows: Row[]; follow: boolean; filtered: boolean }) {
  const box = useRef<HTMLElement>(null);
  const atEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it follows when rows come.
  useEffect(() => {
    const section = box.current;
    if (section && follow && atEnd.current) section.scrollTop = section.scrollHeight;
  }, [rows, follow]);
  if (rows.length === 0) {
    return (
      <Empty title="Nothing logged yet">
        {filtered
          ? "What meets these filters shows here within a second after its run."
          : "Lines that the function writes to stderr show here within a second after their run, and how runs fail."}
      </Empty>
    );
  }
  const scrolled = () => {
    const section = box.current;
    if (section) atEnd.current = section.scrollHeight - section.scrollTop - section.clientHeight < 40;
  };
  return (
    <section
      ref={box}
      onScroll={scrolled}
      aria-label="Log lines"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls needs a stop of the keyboard.
      tabIndex={0}
      className="max-h-[60vh] overflow-y-auto rounded-b-box border-t border-line bg-sunken font-mono text-[13px] focus-visible:outline-offset-[-2px]"
    >
      <ol className="py-2">
        {rows.map((row) =>
          "entry" in row ? <Line key={row.key} entry={row.entry} /> : <Note key={row.key} text={row.note} />,
        )}
      </ol>
    </section>
  );
}

function Line({ entry }: { entry: LogEntry }) {
  return (
    <li className="flex gap-3 px-5 py-px hover:bg-surface">
      <time dateTime={entry.at} title={exactTime(entry.at)} className="shrink-0 text-muted">
        {CLOCK.format(new Date(entry.at))}
      </time>
      <Link
        to={`/runs/${entry.invocation_id}`}
        title={`Run ${entry.invocation_id}`}
        className="shrink-0 text-muted hover:text-ink hover:underline"
      >
        v{entry.version} {entry.invocation_id.slice(-6)}
      </Link>
      <span className={`min-w-0 break-words whitespace-pre-wrap ${COLOURS[entry.level ?? ""] ?? ""}`}>
        {entry.kind === "line" ? "" : entry.kind === "cut" ? "✂ " : "✕ "}
        {entry.text}
      </span>
    </li>
  );
}

function Note({ text }: { text: string }) {
  return <li className="bg-warn-wash px-5 py-1 font-sans text-warn">{text}</li>;
}
