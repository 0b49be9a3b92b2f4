import { expect, test } from "vitest";
import { after, cleared, EMPTY, paused, ROWS_MAX, type Row } from "./tail";

const event = (name: string, data: unknown) => ({ name, id: "", data: JSON.stringify(data) });
const line = (text: string) => event("line", { text });
const shown = (rows: Row[]) => rows.map((row) => ("entry" in row ? row.entry.text : row.note));

test("lines come in their order, and what is missing is said at its place and counted", () => {
  const tail = after(EMPTY, [
    event("open", { function: "f", retention: "errors" }),
    line("one"),
    event("dropped", { lines: 1200, reason: "flood" }),
    event("dropped", { lines: null, reason: "interrupted" }),
    event("interrupted", { detail: "" }),
    event("of-tomorrow", {}),
  ]);
  expect([tail.state, tail.retention, tail.dropped]).toEqual(["interrupted", "errors", 1200]);
  expect(shown(tail.rows)).toEqual([
    "one",
    "1,200 lines are missing here: the function logs more than is streamed.",
    "Lines are missing here: the way from the executors was interrupted.",
  ]);
});

test("a pause holds back what comes and loses none of it", () => {
  let tail = paused(after(EMPTY, [line("one")]), true);
  tail = after(tail, [line("two")]);
  tail = after(tail, [line("three")]);
  expect([shown(tail.rows), tail.waiting.length]).toEqual([["one"], 2]);
  tail = paused(tail, false);
  expect([shown(tail.rows), tail.waiting.length]).toEqual([["one", "two", "three"], 0]);
  expect(cleared(tail).rows).toEqual([]);
});

test("a page holds so many rows and no more", () => {
  const many = Array.from({ length: ROWS_MAX + 5 }, (_, n) => line(`${n}`));
  const tail = after(EMPTY, many);
  expect([tail.rows.length, shown(tail.rows)[0]]).toEqual([ROWS_MAX, "5"]);
  expect(new Set(tail.rows.map((row) => row.key)).size).toBe(ROWS_MAX);
});
