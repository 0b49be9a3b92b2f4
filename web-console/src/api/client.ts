// The API as typed by its own OpenAPI document.

import createClient from "openapi-fetch";
import { currentToken, refreshAccess } from "./access";
import { ProblemError, problemIn } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: fetchAsUser });

/** The same API with the platform's key, for the operator's pages. */
export function asPlatform(platformKey: string) {
  return createClient<paths>({
    baseUrl: window.location.origin,
    headers: { Authorization: `Bearer ${platformKey}` },
  });
}

/** The body of a success; anything else is thrown as a [`ProblemError`]. */
export async function answered<Data>(
  call: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<Data> {
  const { data, error, response } = await call;
  if (!response.ok) throw new ProblemError(problemIn(response.status, error));
  return data as Data;
}

/** Sends the access token; one that has run out is replaced once. */
async function fetchAsUser(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await fetch(signed(request));
  if (response.status !== 401 || !currentToken()) return response;
  return (await refreshAccess()) ? fetch(signed(again)) : response;
}

function signed(request: Request): Request {
  const token = currentToken();
  request.headers.set("Cartwright-Client", "console");
  if (token) request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}
