import { Outlet, ScrollRestoration } from "react-router";
import { SignedIn } from "../session/signed-in";
import { Places } from "./places";

/** What stands around every page of someone signed in. */
export function Frame() {
  return (
    <SignedIn>
      <a
        href="#page"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-control focus:bg-surface focus:px-3 focus:py-2"
      >
        Skip to the page
      </a>
      <div className="min-h-screen md:grid md:grid-cols-[14rem_minmax(0,1fr)]">
        <Places />
        <main id="page" tabIndex={-1} className="min-w-0 px-4 py-6 outline-none sm:px-8 md:py-9">
          <div className="mx-auto max-w-[68rem]">
            <Outlet />
          </div>
        </main>
      </div>
      <ScrollRestoration />
    </SignedIn>
  );
}
