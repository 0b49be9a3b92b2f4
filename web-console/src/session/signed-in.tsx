import type { ReactNode } from "react";
import { Navigate, useLocation } from "react-router";
import { restoreAccess } from "../api/access";
import { LoadingPage } from "../frame/other-pages";
import { ProblemNotice } from "../ui/notice";
import { useAccess } from "./use-access";

/** Shows its pages to those who are signed in, and asks everyone else to do so. */
export function SignedIn({ children }: { children: ReactNode }) {
  const access = useAccess();
  const { pathname, search } = useLocation();
  if (access === "unknown") return <LoadingPage />;
  if (access === "unreachable") {
    return (
      <div className="mx-auto max-w-[44rem] px-6 py-16">
        <ProblemNotice thrown={new TypeError()} retry={() => void restoreAccess()} />
      </div>
    );
  }
  if (access === "out") {
    const next = pathname + search;
    return (
      <Navigate
        to={next === "/functions" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`}
        replace
      />
    );
  }
  return children;
}
