import type { ComponentProps, ReactNode } from "react";
import { Link } from "react-router";

type Look = "primary" | "plain" | "quiet" | "danger";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-on-accent border-transparent hover:bg-accent-strong shadow-box",
  plain: "bg-surface text-ink border-edge/70 hover:border-muted shadow-box",
  quiet: "border-transparent text-muted hover:text-ink hover:bg-sunken",
  danger: "bg-bad text-on-accent border-transparent hover:bg-bad-strong shadow-box",
};

const SHAPE =
  "inline-flex items-center justify-center gap-1.5 whitespace-nowrap rounded-control border font-medium leading-5 " +
  "transition-colors disabled:opacity-55 disabled:pointer-events-none";

const SIZES = { normal: "px-3 py-1.5", small: "px-2 py-0.5 text-[13px]" };

interface Appearance {
  look?: Look;
  size?: keyof typeof SIZES;
  children: ReactNode;
}

const appearance = ({ look = "plain", size = "normal" }: Omit<Appearance, "children">, more = "") =>
  `${SHAPE} ${SIZES[size]} ${LOOKS[look]} ${more}`;

/** A button says what it does; while it is busy it says that, and takes no second press. */
export function Button({
  look,
  size,
  busy = false,
  disabled,
  className,
  children,
  ...rest
}: Appearance & ComponentProps<"button"> & { busy?: boolean }) {
  return (
    <button
      type="button"
      className={appearance({ look, size }, className)}
      aria-busy={busy || undefined}
      disabled={disabled || busy}
      {...rest}
    >
      {children}
    </button>
  );
}

export function ButtonLink({
  look,
  size,
  className,
  children,
  ...rest
}: Appearance & ComponentProps<typeof Link>) {
  return (
    <Link className={appearance({ look, size }, className)} {...rest}>
      {children}
    </Link>
  );
}
