import type { ReactNode } from "react";

/** Nothing here yet: what will be here, and what brings it. */
export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="grid justify-items-center gap-1.5 px-6 py-12 text-center">
      <h2 className="text-[15.5px]">{title}</h2>
      <div className="max-w-[56ch] text-muted">{children}</div>
    </div>
  );
}
