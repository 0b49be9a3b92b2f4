import { type RefObject, useEffect } from "react";
import { useLocation } from "react-router";

/** Scrolls a row of links sideways so that the current one is seen, where the row is wider than the window. */
export function useCurrentInView(row: RefObject<HTMLElement | null>): void {
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: which link is current follows from the address.
  useEffect(() => {
    const current = row.current?.querySelector<HTMLElement>("[aria-current=page]");
    if (!row.current || !current) return;
    const [outer, inner] = [row.current.getBoundingClientRect(), current.getBoundingClientRect()];
    row.current.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
  }, [row, pathname]);
}
