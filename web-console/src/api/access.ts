// The access token, in memory and nowhere else. The refresh token is a cookie that no script can read.

const HINT = "cartwright.signed-in";

let token: string | null = null;
let underway: Promise<boolean> | null = null;
const listeners = new Set<() => void>();

export type Access = "unknown" | "in" | "out" | "unreachable";
let access: Access = "unknown";

/** Whether someone is signed in: `unknown` until the first refresh has answered, `unreachable` when it could not. */
export function currentAccess(): Access {
  return access;
}

export function onAccess(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function currentToken(): string | null {
  return token;
}

/** Keep a token that a login or a refresh gave. */
export function grantAccess(granted: string): void {
  token = granted;
  localStorage.setItem(HINT, "yes");
  become("in");
}

export function dropAccess(): void {
  token = null;
  localStorage.removeItem(HINT);
  become("out");
}

/** A fresh token for the cookie, if it still counts. All who ask at the same time wait for one request. */
export function refreshAccess(): Promise<boolean> {
  underway ??= requestRefresh().finally(() => {
    underway = null;
  });
  return underway;
}

/** On load: whoever never signed in here has no cookie, so there is nothing to ask. */
export async function restoreAccess(): Promise<void> {
  if (!localStorage.getItem(HINT)) return become("out");
  become("unknown");
  await refreshAccess().catch(() => false);
  if (currentAccess() === "unknown") become("unreachable");
}

async function requestRefresh(): Promise<boolean> {
  const response = await fetch("/v1/auth/refresh", {
    method: "POST",
    headers: { "Cartwright-Client": "console", "Content-Type": "application/json" },
    // The token is in the cookie, so there is nothing to say.
    body: "{}",
  });
  if (response.ok) {
    const answer = (await response.json()) as { access_token: string };
    grantAccess(answer.access_token);
    return true;
  }
  // A server that is not ready says nothing about the cookie: only a refusal signs out.
  if (response.status < 500) dropAccess();
  return false;
}

function become(next: Access): void {
  access = next;
  for (const listener of listeners) listener();
}
