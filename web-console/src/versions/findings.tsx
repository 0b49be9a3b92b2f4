import type { Finding } from "./queries";

/** Everything that speaks against a module: what, where in it, the limit, and what to do. */
export function Findings({ findings }: { findings: Finding[] }) {
  return (
    <ol className="grid gap-2.5">
      {findings.map((finding, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: findings keep the order of the module.
        <li key={index} className="border-l-2 border-bad/40 pl-3">
          <p className="font-medium">{finding.what}</p>
          <p className="text-[13px] text-muted">{place(finding)}</p>
          <p>{finding.do}</p>
        </li>
      ))}
    </ol>
  );
}

function place({ where, value, limit }: Finding): string {
  return [where, value && `has ${value}`, limit && `limit ${limit}`].filter(Boolean).join(" · ");
}
