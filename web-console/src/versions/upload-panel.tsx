import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { formatBytes } from "../figures/bytes";
import { formatShare, share } from "../figures/count";
import { functionKey } from "../functions/queries";
import { CheckField } from "../ui/field";
import { Panel } from "../ui/panel";
import { ModuleDrop } from "./module-drop";
import { UploadReport } from "./upload-report";
import { forgetUpload, startUpload, type Upload, useUpload } from "./uploads";

/** Takes the next version of a function, shows how far it is, and what came of it. */
export function UploadPanel({ name, first }: { name: string; first: boolean }) {
  const upload = useUpload(name);
  const [wish, setWish] = useState<boolean | null>(null);
  const live = wish ?? first;
  const queries = useQueryClient();
  const settled = upload?.phase === "settled" || upload?.phase === "failed";
  useEffect(() => {
    if (settled) void queries.invalidateQueries({ queryKey: functionKey(name) });
  }, [settled, queries, name]);

  if (upload && !settled) return <Progress upload={upload} />;
  return (
    <Panel title={first ? "Upload the first version" : "Upload a new version"}>
      <div className="grid gap-4">
        {upload && <UploadReport name={name} upload={upload} onClose={() => forgetUpload(name)} />}
        <ModuleDrop low={!first} onFile={(file) => startUpload(name, file, live ? "live" : null)} />
        <CheckField
          label="Make it live when it is ready"
          hint={live ? undefined : "Without this, it waits among the versions below until you promote it."}
          checked={live}
          onChange={(event) => setWish(event.target.checked)}
        />
      </div>
    </Panel>
  );
}

function Progress({ upload }: { upload: Exclude<Upload, { phase: "settled" | "failed" }> }) {
  const sending = upload.phase === "sending";
  const sent = sending ? share(upload.sent_bytes, upload.total_bytes) : 1;
  return (
    <Panel title={sending ? `Uploading ${upload.file}` : `Checking and compiling ${upload.file}`}>
      <div role="status" className="grid gap-2">
        <progress
          className={`bar ${sending ? "" : "bar-busy"}`}
          value={sending ? sent : undefined}
          max={1}
          aria-label={sending ? "Uploaded" : "Compiling"}
        />
        <p className="figures text-muted">
          {sending
            ? `${formatBytes(upload.sent_bytes)} of ${formatBytes(upload.total_bytes)} · ${formatShare(sent)}`
            : "Every import, export and limit is checked, then the module is compiled. This is done once, and never billed."}
        </p>
      </div>
    </Panel>
  );
}
