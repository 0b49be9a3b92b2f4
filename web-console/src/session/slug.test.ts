import { expect, test } from "vitest";
import { slugOf } from "./slug";

test("what is typed becomes a name that the API takes", () => {
  expect(slugOf("Ada's Shop")).toBe("ada-s-shop");
  expect(slugOf("Café Müller")).toBe("cafe-muller");
  expect(slugOf("24 hours")).toBe("hours");
  expect(slugOf("x".repeat(80))).toHaveLength(63);
});
