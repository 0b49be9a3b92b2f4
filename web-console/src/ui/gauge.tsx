import { compactCount, formatShare, share } from "../figures/count";

/** How much of a limit was used: a bar, and the words for it. */
export function Gauge({
  label,
  used,
  limit,
  say,
}: {
  label: string;
  used: number;
  limit: number;
  say?: (value: number) => string;
}) {
  const fraction = share(used, limit);
  const words = say ?? compactCount;
  return (
    <div className="grid gap-1">
      <div className="flex items-baseline justify-between gap-3">
        <span className="text-muted">{label}</span>
        <span className="figures">
          <b className="font-semibold">{words(used)}</b>{" "}
          <span className="text-muted">
            of {words(limit)} · {formatShare(fraction)}
          </span>
        </span>
      </div>
      <meter
        className={`gauge ${fraction >= 0.8 ? "gauge-high" : ""}`}
        min={0}
        max={1}
        value={Math.min(fraction, 1)}
        aria-label={`${label}: ${words(used)} of ${words(limit)}`}
      />
    </div>
  );
}
