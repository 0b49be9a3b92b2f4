import { expect, test } from "vitest";
import type { Subscription } from "./queries";
import { changesOf, wishedOf } from "./wished";

const SAVED = {
  event_type: "orders/*",
  source: null,
  filter: "event.data.total > 100.0",
  transform: null,
  order_by: null,
  output_endpoint_id: null,
  retry: { max_attempts: 5, first_delay_s: 9, delay_max_s: 60 },
} as Subscription;

test("a form that was not touched changes nothing", () => {
  expect(changesOf(wishedOf(SAVED), SAVED)).toEqual({});
});

test("what is emptied is taken away, and the rest of the retries stays", () => {
  const wished = { ...wishedOf(SAVED), filter: " ", max_attempts: "2" };
  expect(changesOf(wished, SAVED)).toEqual({
    filter: null,
    retry: { max_attempts: 2, first_delay_s: 9, delay_max_s: 60 },
  });
});

test("of a new one only what was filled in is sent", () => {
  const wished = { ...wishedOf(undefined), event_type: " orders/paid ", source: "crm" };
  expect(changesOf(wished, undefined)).toEqual({ event_type: "orders/paid", source: "crm" });
});
