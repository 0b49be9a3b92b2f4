import { type ReactNode, useEffect, useRef, useState } from "react";

/** Lets what is too wide scroll sideways, and only then gives it a stop of the keyboard. */
export function Scrolls({ label, children }: { label: string; children: ReactNode }) {
  const element = useRef<HTMLElement>(null);
  const [wide, setWide] = useState(false);
  useEffect(() => {
    const section = element.current;
    if (!section) return;
    const measured = new ResizeObserver(() => setWide(section.scrollWidth > section.clientWidth));
    measured.observe(section);
    return () => measured.disconnect();
  }, []);
  return (
    <section
      ref={element}
      tabIndex={wide ? 0 : undefined}
      aria-label={wide ? label : undefined}
      className="overflow-x-auto rounded-b-box focus-visible:outline-offset-[-2px]"
    >
      {children}
    </section>
  );
}
