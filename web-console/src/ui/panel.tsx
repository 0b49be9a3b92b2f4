import type { ReactNode } from "react";

/** A box with a heading: one subject of a page. */
export function Panel({
  title,
  note,
  actions,
  flush = false,
  children,
}: {
  title?: ReactNode;
  note?: ReactNode;
  actions?: ReactNode;
  /** No padding, for a table that reaches the edges. */
  flush?: boolean;
  children: ReactNode;
}) {
  return (
    <section className="min-w-0 rounded-box border border-line bg-surface shadow-box">
      {(title || actions) && (
        <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-5 pt-4">
          <div>
            {title && <h2 className="text-[15.5px]">{title}</h2>}
            {note && <p className="text-[13px] text-muted">{note}</p>}
          </div>
          {actions && <div className="flex items-center gap-2">{actions}</div>}
        </header>
      )}
      <div className={flush ? "pt-3" : "p-5 pt-4"}>{children}</div>
    </section>
  );
}

/** The head of a page: what it is, and what can be done on it. */
export function PageHead({ title, note, actions }: { title: string; note?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <title>{`${title} · Cartwright`}</title>
      <div className="min-w-0">
        <h1 className="text-[22px] leading-tight">{title}</h1>
        {note && <p className="mt-1 max-w-[70ch] text-muted">{note}</p>}
      </div>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </div>
  );
}
