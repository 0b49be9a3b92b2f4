import { useRef } from "react";
import { NavLink } from "react-router";
import { useCurrentInView } from "./current-in-view";

/** The pages of one thing, as links: each has an address of its own. */
export function Tabs({ label, tabs }: { label: string; tabs: { to: string; label: string }[] }) {
  const row = useRef<HTMLElement>(null);
  useCurrentInView(row);
  return (
    <nav ref={row} aria-label={label} className="mb-6 flex gap-5 overflow-x-auto border-b border-line">
      {tabs.map((tab) => (
        <NavLink
          key={tab.to}
          to={tab.to}
          end
          className="-mb-px border-b-2 border-transparent px-0.5 pt-1 pb-2 whitespace-nowrap text-muted transition-colors hover:text-ink focus-visible:outline-offset-[-2px] aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink"
        >
          {tab.label}
        </NavLink>
      ))}
    </nav>
  );
}
