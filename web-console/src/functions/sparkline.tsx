const BAR = 5;
const GAP = 2;
const HEIGHT = 18;

/** One small bar a day. The figure beside it says the sum, so this is left out for those who do not see it. */
export function Sparkline({ values }: { values: number[] }) {
  const most = Math.max(...values, 1);
  return (
    <svg width={values.length * (BAR + GAP) - GAP} height={HEIGHT} aria-hidden="true" className="shrink-0">
      {values.map((value, day) => {
        const height = value > 0 ? Math.max(2, (value / most) * HEIGHT) : 1;
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its day.
            key={day}
            x={day * (BAR + GAP)}
            y={HEIGHT - height}
            width={BAR}
            height={height}
            rx={1}
            className={value > 0 ? "fill-accent" : "fill-line"}
          />
        );
      })}
    </svg>
  );
}
