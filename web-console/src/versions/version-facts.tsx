import { formatBytes } from "../figures/bytes";
import { Actor } from "../tenant/actor";
import { Copyable } from "../ui/copyable";
import { Facts } from "../ui/facts";
import { When } from "../ui/when";
import { Findings } from "./findings";
import type { VersionDetail } from "./queries";

/** All that is known of one version. */
export function VersionFacts({ version }: { version: VersionDetail }) {
  return (
    <div className="grid gap-4">
      {version.findings.length > 0 && <Findings findings={version.findings} />}
      <Facts
        facts={[
          ["SHA-256", <Copyable key="sha" text={version.sha256} what="SHA-256" />],
          ["Size", formatBytes(version.size_bytes)],
          ["Interface", version.abi ?? "not known"],
          [
            "Deterministic",
            version.deterministic ? "yes: the same input gives the same output and fuel" : "no",
          ],
          [
            "Memory, from the start",
            version.memory ? formatBytes(version.memory.minimum_bytes) : "not known",
          ],
          ["Compiled in", version.compile_ms == null ? "not compiled" : `${version.compile_ms} ms`],
          ["Engine epoch", String(version.engine_epoch ?? "none")],
          [
            "Uploaded",
            <span key="uploaded">
              <When at={version.created_at} /> by <Actor actor={version.created_by} />
            </span>,
          ],
        ]}
      />
      <Names title="Imports" names={version.imports ?? []} none="It imports nothing." />
      <Names title="Exports" names={version.exports ?? []} none="It exports nothing." />
    </div>
  );
}

function Names({ title, names, none }: { title: string; names: string[]; none: string }) {
  return (
    <div>
      <h3 className="mb-1 text-muted">{title}</h3>
      {names.length === 0 ? (
        <p>{none}</p>
      ) : (
        <ul className="max-h-36 overflow-y-auto font-mono text-[13px]">
          {names.map((name) => (
            <li key={name}>{name}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
