import { expect, test } from "vitest";
import { quotasOf, textsOf } from "./quota-form";

test("quotas that were not touched are sent as they were", () => {
  const quotas = {
    rate: { limit: 50, burst: 200, shadow: false },
    daily_fuel: { limit: 9_007_199_254_740_991, shadow: true },
  };
  expect(quotasOf(textsOf(quotas))).toEqual(quotas);
});

test("a rule whose limit is emptied is none", () => {
  const texts = textsOf({ rate: { limit: 50, burst: 200, shadow: false } });
  expect(quotasOf({ ...texts, rate: { ...texts.rate, limit: "" } })).toEqual({});
});
