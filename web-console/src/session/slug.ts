/** What was typed, as a name that the API takes: `Ada's Shop` becomes `ada-s-shop`. A last hyphen may stand while one types. */
export function slugOf(typed: string): string {
  return typed
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 63);
}
