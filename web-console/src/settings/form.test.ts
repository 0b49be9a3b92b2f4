import { expect, test } from "vitest";
import payment from "../../../functions/payment-method-filter/settings.schema.json";
import shipping from "../../../functions/shipping-rule/settings.schema.json";
import discount from "../../../functions/volume-discount-rust/settings.schema.json";
import { faultsOf } from "./faults";
import { type Field, formOf, startingSettings } from "./form";

function fields(schema: unknown): Field[] {
  const form = formOf(schema);
  if (!form) throw new Error("there is no form for this schema");
  return form;
}

test("the schema of a function of ours becomes fields with its own words", () => {
  expect(fields(discount).map(({ name, kind, label }) => [name, kind, label])).toEqual([
    ["percent", "number", "Percent off"],
    ["from_quantity", "number", "From how many pieces"],
    ["title", "text", "Name of the discount"],
  ]);
  expect(fields(payment)[0]).toMatchObject({ kind: "list", item: { kind: "text" }, maxItems: 50 });
  expect(formOf(shipping)).not.toBeNull();
});

test("a form begins with what was saved, then with the defaults, and keeps what it does not show", () => {
  expect(startingSettings(discount, { percent: 25, note: "kept" })).toEqual({
    percent: 25,
    note: "kept",
    from_quantity: 3,
    title: "Volume discount",
  });
});

test("the defaults of our functions have no faults", () => {
  for (const schema of [discount, payment, shipping]) {
    expect(faultsOf(fields(schema), startingSettings(schema, undefined))).toEqual({});
  }
});

test("a value that breaks a rule is told at its place", () => {
  const faults = faultsOf(fields(discount), { percent: 101, from_quantity: 1.5, title: "" });
  expect(Object.keys(faults)).toEqual(["/percent", "/from_quantity", "/title"]);
  expect(faults["/percent"]).toBe("This must be 100 or less.");
  expect(faultsOf(fields(payment), { methods: ["card", ""], above: "5,00" })).toEqual({
    "/methods/1": "This cannot be empty.",
    "/above": "This does not have the form that is asked for.",
  });
});

test("objects nest one level; an enum is a choice; a boolean is a switch", () => {
  const schema = {
    type: "object",
    required: ["window"],
    properties: {
      window: {
        type: "object",
        required: ["from"],
        properties: { from: { type: "string" }, weekend: { type: "boolean", default: true } },
      },
      round: { enum: ["up", "down"], default: "up" },
    },
  };
  expect(fields(schema).map((field) => field.kind)).toEqual(["group", "choice"]);
  expect(startingSettings(schema, undefined)).toEqual({ window: { weekend: true }, round: "up" });
  expect(faultsOf(fields(schema), { window: {} })).toEqual({ "/window/from": "This is needed." });
});

test("what a form cannot show truthfully is left to the JSON editor", () => {
  const property = (rule: unknown) => ({ type: "object", properties: { rule } });
  const deep = { type: "object", properties: { a: { type: "object", properties: {} } } };
  for (const schema of [
    property({ oneOf: [{ type: "string" }, { type: "number" }] }),
    property({ $ref: "#/$defs/rule" }),
    property({ type: ["string", "null"] }),
    property({ type: "array", items: { type: "object" } }),
    property({ type: "array" }),
    property(deep),
    { type: "object", patternProperties: { "^x": {} } },
    { type: "array" },
    true,
    null,
    "object",
  ]) {
    expect(formOf(schema), JSON.stringify(schema)).toBeNull();
  }
});

test("a length counts characters, and a pattern that this browser cannot read is left to the server", () => {
  const text = (rules: object) => fields({ type: "object", properties: { t: { type: "string", ...rules } } });
  expect(faultsOf(text({ maxLength: 2 }), { t: "👍👍" })).toEqual({});
  expect(faultsOf(text({ pattern: "(?P<year>\\d+)" }), { t: "x" })).toEqual({});
});
