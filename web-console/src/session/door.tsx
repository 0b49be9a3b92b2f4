import type { ReactNode } from "react";
import { Navigate, useSearchParams } from "react-router";
import { Mark } from "../frame/mark";
import { nextPath } from "./next";
import { useAccess } from "./use-access";

/** What signing in and signing up share: the frame, and the way on once someone is in. */
export function Door({
  title,
  note,
  foot,
  children,
}: {
  title: string;
  note: string;
  foot: ReactNode;
  children: ReactNode;
}) {
  const [search] = useSearchParams();
  if (useAccess() === "in") return <Navigate to={nextPath(search)} replace />;
  return (
    <main className="grid min-h-screen place-items-center px-4 py-10">
      <title>{`${title} · Cartwright`}</title>
      <div className="w-full max-w-[25rem]">
        <div className="mb-7 flex items-center gap-2.5 text-[17px] font-semibold">
          <Mark className="size-7 text-accent" />
          Cartwright
        </div>
        <div className="rounded-box border border-line bg-surface p-7 shadow-box">
          <h1 className="text-[20px]">{title}</h1>
          <p className="mt-1 mb-5 text-muted">{note}</p>
          {children}
        </div>
        <p className="mt-4 px-1 text-muted">{foot}</p>
      </div>
    </main>
  );
}
