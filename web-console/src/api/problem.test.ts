import { expect, test } from "vitest";
import { type Problem, ProblemError, problemIn, problemOf, sentence, violationsOf } from "./problem";

const CONFLICT: Problem = {
  type: "/docs/problems#conflict",
  title: "It clashes with what exists",
  status: 409,
  code: "conflict",
  detail: "a function with this name exists already",
  request_id: "01a1fdba-8ed3-71d5-9412-1b987fce67f7",
};

test("what the API says is what is shown, with its request id", () => {
  expect(problemOf(new ProblemError(problemIn(409, CONFLICT)))).toBe(CONFLICT);
  expect(sentence(CONFLICT.detail)).toBe("A function with this name exists already.");
  expect(sentence("Is it?")).toBe("Is it?");
});

test("an answer that is no problem document still says something", () => {
  for (const body of ["<html>Bad gateway</html>", null, undefined, { error: "no" }]) {
    expect(problemIn(502, body)).toMatchObject({ status: 502, detail: expect.stringContaining("502") });
  }
});

test("a lost connection is told apart from a fault of the console", () => {
  expect(problemOf(new TypeError("Failed to fetch")).detail).toContain("cannot be reached");
  expect(problemOf(new Error("no such template")).detail).toBe("no such template");
  expect(problemOf("thrown text").detail).toContain("console");
});

test("broken rules are listed by their place; findings of another kind are not taken for them", () => {
  const violation = { pointer: "/percent", detail: "101 is greater than the maximum of 100", rule: "/x" };
  const finding = { code: "unknown_import", what: "…", do: "…" };
  const problem = { ...CONFLICT, errors: [violation, finding] } as unknown as Problem;
  expect(violationsOf(problem)).toEqual([violation]);
  expect(violationsOf(CONFLICT)).toEqual([]);
});
