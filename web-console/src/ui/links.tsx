import type { ReactNode } from "react";
import { Link } from "react-router";

/** The way back to the list that a page's thing stands in. */
export function Crumb({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link to={to} className="text-[13px] text-muted hover:text-ink hover:underline">
      {children}
    </Link>
  );
}

/** A link in a sentence. */
export function TextLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link to={to} className="text-accent underline underline-offset-2">
      {children}
    </Link>
  );
}
