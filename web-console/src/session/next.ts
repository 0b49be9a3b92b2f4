/** Where to go after signing in: a path of ours, never another site. */
export function nextPath(search: URLSearchParams): string {
  const next = search.get("next") ?? "/functions";
  return /^\/(?![/\\])/.test(next) ? next : "/functions";
}
