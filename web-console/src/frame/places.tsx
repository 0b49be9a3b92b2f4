import {
  Boxes,
  CalendarClock,
  ChartColumn,
  Crosshair,
  Inbox,
  KeyRound,
  ListTree,
  Send,
  SlidersHorizontal,
  Webhook,
  Zap,
} from "lucide-react";
import { useRef } from "react";
import { NavLink } from "react-router";
import { WhoIsIn } from "../session/who-is-in";
import { useCurrentInView } from "../ui/current-in-view";
import { Mark } from "./mark";
import { ThemeChoice } from "./theme";

const PLACES = [
  { to: "/functions", label: "Functions", icon: Boxes },
  { to: "/targets", label: "Targets", icon: Crosshair },
  { to: "/runs", label: "Runs", icon: ListTree },
  { to: "/events", label: "Events", icon: Zap },
  { to: "/deliveries", label: "Deliveries", icon: Inbox },
  { to: "/schedules", label: "Schedules", icon: CalendarClock },
  { to: "/sources", label: "Sources", icon: Webhook },
  { to: "/endpoints", label: "Endpoints", icon: Send },
  { to: "/usage", label: "Usage", icon: ChartColumn },
  { to: "/keys", label: "API keys", icon: KeyRound },
  { to: "/tenant", label: "Settings", icon: SlidersHorizontal },
];

/** The places of the console: at the side, or on top where the window is narrow. */
export function Places() {
  const row = useRef<HTMLElement>(null);
  useCurrentInView(row);
  return (
    <header className="border-b border-line bg-surface md:border-r md:border-b-0">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 md:sticky md:top-0 md:h-screen md:flex-col md:flex-nowrap md:items-stretch md:px-3 md:py-5">
        <NavLink
          to="/functions"
          className="flex items-center gap-2.5 px-2 py-1 text-[16px] font-semibold md:mb-5"
        >
          <Mark className="size-6 text-accent" />
          Cartwright
        </NavLink>
        <nav
          ref={row}
          aria-label="Places"
          className="order-last -mx-1 flex w-full gap-0.5 overflow-x-auto md:order-none md:mx-0 md:flex-col"
        >
          {PLACES.map(({ to, label, icon: Icon }) => (
            <NavLink
              key={to}
              to={to}
              className="flex items-center gap-2.5 rounded-control px-2.5 py-1.5 whitespace-nowrap text-muted transition-colors hover:bg-sunken hover:text-ink focus-visible:outline-offset-[-2px] aria-[current=page]:bg-accent-wash aria-[current=page]:font-medium aria-[current=page]:text-accent"
            >
              <Icon className="size-4" aria-hidden />
              {label}
            </NavLink>
          ))}
        </nav>
        <div className="ml-auto flex items-center gap-3 md:mt-auto md:ml-0 md:grid md:gap-3 md:px-2">
          <ThemeChoice />
          <WhoIsIn />
        </div>
      </div>
    </header>
  );
}
