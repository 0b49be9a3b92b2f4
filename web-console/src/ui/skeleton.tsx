/** Stands where lines of text will be, in about their size, while they load. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div role="status" aria-label="Loading" className="grid animate-pulse gap-3">
      {Array.from({ length: lines }, (_, line) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: the bars are all alike and never move.
          key={line}
          className={`h-4 rounded bg-line/80 ${["w-full", "w-11/12", "w-4/5"][line % 3]}`}
        />
      ))}
    </div>
  );
}

/** Stands for the rows of a table. */
export function TableSkeleton({ rows = 4 }: { rows?: number }) {
  return (
    <div role="status" aria-label="Loading" className="animate-pulse">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the bars are all alike and never move.
        <div key={row} className="flex gap-6 border-b border-line/70 px-5 py-3.5 last:border-0">
          <div className="h-4 w-1/4 rounded bg-line/80" />
          <div className="h-4 w-1/6 rounded bg-line/80" />
          <div className="h-4 grow rounded bg-line/50" />
        </div>
      ))}
    </div>
  );
}
