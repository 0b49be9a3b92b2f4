import { useState } from "react";
import { Link, Outlet } from "react-router";
import { Mark } from "../frame/mark";
import { ThemeChoice } from "../frame/theme";
import { Tabs } from "../ui/tabs";
import type { PlatformKey } from "./operator-page";

const PAGES = [
  { to: "/operator/fleet", label: "Fleet" },
  { to: "/operator/targets", label: "Targets" },
  { to: "/operator/quotas", label: "Quotas" },
];

/** What the operator's pages share: the platform's key, for as long as they are open and nowhere but in memory. */
export function OperatorLayout() {
  const [key, setKey] = useState<string | null>(null);
  return (
    <main className="mx-auto max-w-[80rem] px-4 py-6 sm:px-8 md:py-9">
      <div className="mb-5 flex items-center justify-between gap-4">
        <Link to="/" className="flex items-center gap-2.5 text-[16px] font-semibold">
          <Mark className="size-6 text-accent" />
          Cartwright
        </Link>
        <ThemeChoice />
      </div>
      <Tabs label="Operator's pages" tabs={PAGES} />
      <Outlet context={{ key, setKey } satisfies PlatformKey} />
    </main>
  );
}
