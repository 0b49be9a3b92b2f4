import { Link } from "react-router";
import { ProblemError } from "../api/problem";
import { formatBytes } from "../figures/bytes";
import { Button, ButtonLink } from "../ui/button";
import { Notice, ProblemNotice } from "../ui/notice";
import { Findings } from "./findings";
import { PromoteButton } from "./promote-button";
import type { Finding } from "./queries";
import type { Upload } from "./uploads";

const MENDING = "Everything that was found is here, so that it can be mended at once.";

type Settled = Extract<Upload, { phase: "settled" | "failed" }>;

/** What came of an upload: the version and what to do next, or every finding that speaks against it. */
export function UploadReport({
  name,
  upload,
  onClose,
}: {
  name: string;
  upload: Settled;
  onClose: () => void;
}) {
  const close = (
    <Button size="small" look="quiet" onClick={onClose}>
      Close
    </Button>
  );
  if (upload.phase === "failed") {
    const findings = (upload.problem.errors ?? []) as unknown as Finding[];
    if (upload.problem.code !== "module_invalid")
      return <ProblemNotice thrown={new ProblemError(upload.problem)} />;
    return (
      <Notice tone="bad" title={`${upload.file} was refused`} action={close}>
        <p className="mb-3">It cannot run as it is. {MENDING}</p>
        <Findings findings={findings} />
      </Notice>
    );
  }
  const { version } = upload;
  const live = version.aliases.includes("live");
  return (
    <Notice tone="good" title={`v${version.version} is ${live ? "live" : version.status}`} action={close}>
      <p>
        {formatBytes(version.size_bytes)}, {version.imports?.length ?? 0} imports,{" "}
        {version.exports?.length ?? 0} exports
        {version.compile_ms != null && `, compiled in ${version.compile_ms} ms`}
        {version.deterministic && ". The same input always gives the same output and the same fuel"}.
      </p>
      <div className="mt-3 flex flex-wrap gap-2">
        <ButtonLink size="small" to={`/functions/${name}/try?version=${version.version}`}>
          Try it on a sample
        </ButtonLink>
        {!live && version.status === "ready" && <PromoteButton name={name} version={version} />}
        {version.settings_schema != null && (
          <Link className="px-1 underline underline-offset-2" to={`/functions/${name}/settings`}>
            Change its settings
          </Link>
        )}
      </div>
    </Notice>
  );
}
