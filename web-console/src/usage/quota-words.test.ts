import { expect, test } from "vitest";
import { beginsAnew, limitInWords, ruleInWords } from "./quota-words";

test("a burst is said where it is another than the limit", () => {
  expect(limitInWords({ limit: 50, burst: 50 })).toBe("50");
  expect(limitInWords({ limit: 5000, burst: 10_000 })).toBe("5,000, 10 k at once");
  expect(limitInWords({ limit: 1_000_000, burst: null })).toBe("1 M");
});

test("only a day or a month begins anew at a time", () => {
  expect(beginsAnew({ kind: "rate", resets_at: "2026-11-21T12:00:01Z" })).toBe("");
  expect(beginsAnew({ kind: "daily_fuel", resets_at: "2026-11-22T00:00:00Z" })).toContain("22");
  expect(ruleInWords("daily_fuel")).toBe("Fuel a day");
  expect(ruleInWords("something_new")).toBe("something_new");
});
