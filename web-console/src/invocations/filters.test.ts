import { expect, test } from "vitest";
import { queryOf, withFilter } from "./filters";

const NOW = new Date("2026-11-21T12:00:00Z");

test("the address says what is asked of the API", () => {
  const search = new URLSearchParams("function=discount&outcome=trap&version=3&min_fuel=1000&since=24h");
  expect(queryOf(search, NOW)).toEqual({
    function: "discount",
    version: 3,
    outcome: "trap",
    trigger: undefined,
    from: "2026-11-20T12:00:00.000Z",
    to: undefined,
    min_fuel: 1000,
  });
});

test("a number that is none is left out, not sent", () => {
  const { version, min_fuel } = queryOf(new URLSearchParams("function=a&version=abc&min_fuel=-1"), NOW);
  expect([version, min_fuel]).toEqual([undefined, undefined]);
});

test("a version goes with its function", () => {
  expect(queryOf(new URLSearchParams("version=3"), NOW).version).toBeUndefined();
  expect(String(withFilter(new URLSearchParams("function=a&version=3"), "function", "b"))).toBe("function=b");
});

test("since takes the place of an exact window, and an empty filter leaves the address", () => {
  const window = new URLSearchParams("from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&outcome=ok");
  expect(String(withFilter(window, "since", "1h"))).toBe("outcome=ok&since=1h");
  expect(String(withFilter(new URLSearchParams("outcome=ok"), "outcome", ""))).toBe("");
});
