import { expect, test } from "vitest";
import { formatDelta, formatGrowth } from "./delta";

test("a difference says its sign, and none where there is none", () => {
  expect([1234, -56, 0].map(formatDelta)).toEqual(["+1,234", "−56", "±0"]);
});

test("growth is a share of what it was", () => {
  expect(formatGrowth(50, 400)).toBe("+12.5\u00a0%");
  expect(formatGrowth(-400, 400)).toBe("−100\u00a0%");
  expect(formatGrowth(0, 400)).toBe("±0\u00a0%");
  expect(formatGrowth(5, 0)).toBe("");
});
