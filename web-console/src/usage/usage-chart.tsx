import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import { compactCount, formatCount } from "../figures/count";
import type { Span } from "./span";
import { stepWords } from "./step-words";
import type { Step } from "./steps";

const HEIGHT_PX = 220;

/** Runs by step as bars, the failed ones in front of them. The table on the page says the same in words. */
export function UsageChart({ steps, span }: { steps: Step[]; span: Span }) {
  const place = useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = useState<Step | undefined>();
  const theme = useTheme();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read from the page, so another theme draws anew.
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const chart = new uPlot(
      optionsOf(element, span, (index) => setHovered(index === null ? undefined : steps[index])),
      [
        steps.map((step) => step.from_s),
        steps.map((step) => step.invocations),
        steps.map((step) => step.errors),
      ],
      element,
    );
    const resized = new ResizeObserver(() =>
      chart.setSize({ width: element.clientWidth, height: HEIGHT_PX }),
    );
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
    };
  }, [steps, span, theme]);

  return (
    <div>
      <p className="figures mb-2 flex min-h-6 flex-wrap items-center gap-x-4 text-[13px] text-muted">
        <Key colour="bg-accent" word="runs" count={hovered?.invocations} />
        <Key colour="bg-bad" word="failed" count={hovered?.errors} />
        {hovered && <span>{stepWords(hovered, span)}</span>}
      </p>
      <div
        ref={place}
        role="img"
        aria-label={`Runs by ${span.granularity}. The table below has the figures.`}
      />
    </div>
  );
}

function Key({ colour, word, count }: { colour: string; word: string; count: number | undefined }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span className={`size-2.5 rounded-[3px] ${colour}`} aria-hidden="true" />
      {count === undefined ? word : `${formatCount(count)} ${word}`}
    </span>
  );
}

function optionsOf(element: HTMLElement, span: Span, onHover: (index: number | null) => void): uPlot.Options {
  const colour = (name: string) => colourOf(element, `--color-${name}`);
  const [line, muted, accent, bad] = [colour("line"), colour("muted"), colour("accent"), colour("bad")];
  const bars = uPlot.paths.bars?.({ size: [0.72, 42], align: 1, radius: 0.12 });
  const axis = { stroke: muted, font: "12px system-ui, sans-serif", ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    // Steps begin on the hour and the day of UTC, as billing counts them, so the axis is in UTC too.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    scales: {
      x: { range: [span.from_s, span.to_s] },
      y: { range: (_, __, most) => [0, Math.max(4, (most ?? 0) * 1.1)] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        grid: { show: false },
        values: (_, splits) => splits.map((at_s) => tickWords(at_s, span)),
      },
      {
        ...axis,
        grid: { stroke: line, width: 1 },
        size: 54,
        incrs: [
          1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7, 1e8, 1e9,
        ],
        values: (_, splits) => splits.map((split) => compactCount(Math.round(split))),
      },
    ],
    series: [
      {},
      { label: "runs", fill: accent, stroke: accent, width: 0, paths: bars, points: { show: false } },
      { label: "failed", fill: bad, stroke: bad, width: 0, paths: bars, points: { show: false } },
    ],
    hooks: { setCursor: [(chart) => onHover(chart.cursor.idx ?? null)] },
  };
}

function tickWords(at_s: number, span: Span): string {
  // The end of the span begins no step, and its words would not fit.
  if (at_s >= span.to_s) return "";
  const at = new Date(at_s * 1000);
  if (span.granularity === "hour") return `${String(at.getUTCHours()).padStart(2, "0")}:00`;
  return at.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}

/** A colour as the page shows it now: a canvas knows no custom properties. */
function colourOf(element: HTMLElement, property: string): string {
  const probe = element.appendChild(document.createElement("span"));
  probe.style.color = `var(${property})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** The page's theme, kept up to date: a canvas must be drawn anew in its colours. */
function useTheme(): string | undefined {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme);
  useEffect(() => {
    const changed = new MutationObserver(() => setTheme(document.documentElement.dataset.theme));
    changed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => changed.disconnect();
  }, []);
  return theme;
}
