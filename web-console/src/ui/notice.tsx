import { AlertTriangle, CheckCircle2, Info } from "lucide-react";
import type { ReactNode } from "react";
import { problemOf, sentence, violationsOf } from "../api/problem";
import { Button } from "./button";
import { Copyable } from "./copyable";

const TONES = {
  bad: { box: "bg-bad-wash border-bad/30", icon: AlertTriangle, colour: "text-bad" },
  good: { box: "bg-good-wash border-good/30", icon: CheckCircle2, colour: "text-good" },
  info: { box: "bg-accent-wash border-accent/25", icon: Info, colour: "text-accent" },
};

/** Something to know before going on. */
export function Notice({
  tone,
  title,
  children,
  action,
}: {
  tone: keyof typeof TONES;
  title: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
}) {
  const { box, icon: Icon, colour } = TONES[tone];
  return (
    <div
      role={tone === "bad" ? "alert" : undefined}
      className={`flex items-start gap-3 rounded-control border px-4 py-3 ${box}`}
    >
      <Icon className={`mt-0.5 size-4.5 shrink-0 ${colour}`} aria-hidden />
      <div className="min-w-0 grow">
        <p className="font-medium">{title}</p>
        {children && <div className="mt-0.5 text-[13.5px] text-ink/85">{children}</div>}
      </div>
      {action}
    </div>
  );
}

/** Anything that went wrong, in the API's own sentence, with the request id that its logs know it by. */
export function ProblemNotice({ thrown, retry }: { thrown: unknown; retry?: () => void }) {
  const problem = problemOf(thrown);
  const violations = violationsOf(problem);
  return (
    <Notice
      tone="bad"
      title={sentence(problem.detail)}
      action={
        retry && (
          <Button size="small" onClick={retry}>
            Try again
          </Button>
        )
      }
    >
      {violations.length > 0 && (
        <ul className="mb-1 list-inside list-disc">
          {violations.map(({ pointer, detail }) => (
            <li key={`${pointer} ${detail}`}>
              <code className="font-mono text-[13px]">{pointer}</code> {detail}
            </li>
          ))}
        </ul>
      )}
      {problem.request_id && (
        <span className="inline-flex flex-wrap items-center gap-1 text-muted">
          Request <Copyable text={problem.request_id} what="request id" />
        </span>
      )}
    </Notice>
  );
}
