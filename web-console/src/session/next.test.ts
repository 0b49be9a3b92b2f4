import { expect, test } from "vitest";
import { nextPath } from "./next";

test("after signing in one lands on a path of ours, never on another site", () => {
  const next = (value: string) => nextPath(new URLSearchParams({ next: value }));
  expect(next("/runs?outcome=trap")).toBe("/runs?outcome=trap");
  for (const elsewhere of [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "",
  ]) {
    expect(next(elsewhere)).toBe("/functions");
  }
  expect(nextPath(new URLSearchParams())).toBe("/functions");
});
