import { expect, test } from "vitest";
import type { Schedule } from "./queries";
import { changesOf, newOf, wishedOf } from "./wished";

const BEFORE = { function: "report", cron: "0 9 * * *", timezone: "UTC", missed: "all", input: { a: 1 } };

test("a change names what differs, and leaves an input alone that nobody touched", () => {
  const before = wishedOf(BEFORE as unknown as Schedule);
  expect(changesOf(before, before)).toEqual({});
  expect(changesOf({ ...before, cron: "0 8 * * *" }, before)).toEqual({ cron: "0 8 * * *" });
  expect(changesOf({ ...before, input: '{"a": 2}' }, before)).toEqual({ input: { a: 2 } });
});

test("a new schedule has all that was written, for the function that was given", () => {
  expect(newOf({ ...wishedOf(undefined, "report"), timezone: "UTC" })).toEqual({
    function: "report",
    cron: "30 2 * * *",
    timezone: "UTC",
    missed: "once",
    input: {},
  });
});
