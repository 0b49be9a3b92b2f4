import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-router";
import { ProblemError } from "../api/problem";
import { Toasts } from "../ui/toast";
import { router } from "./router";

const FRESH_MS = 5_000;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      // An answer that names a cause will be the same again; only what never arrived is worth asking twice.
      retry: (failures, thrown) =>
        failures < 2 && (!(thrown instanceof ProblemError) || thrown.problem.status >= 500),
    },
  },
});

/** The whole console: its data, its notices and its pages. */
export function Console() {
  return (
    <QueryClientProvider client={queries}>
      <Toasts>
        <RouterProvider router={router} />
      </Toasts>
    </QueryClientProvider>
  );
}
