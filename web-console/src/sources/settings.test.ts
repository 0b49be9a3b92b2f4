import { expect, test } from "vitest";
import { filledOf, inWords } from "./settings";

test("a scheme sends and shows the settings that it looks at, and no other's", () => {
  const written = { event_type: "crm", signature_header: "x-sign", prefix: "" };
  expect(filledOf(written, "hmac")).toEqual({ event_type: "crm", signature_header: "x-sign" });
  expect(filledOf(written, "standard_webhooks")).toEqual({ event_type: "crm" });
  expect(filledOf(written, "github")).toEqual({});
  expect(inWords("standard_webhooks", { event_type: "crm", algorithm: "sha256" })).toEqual([
    ["Type of events without one", "crm"],
  ]);
  expect(inWords("shopify", { event_type: "webhook" })).toEqual([]);
});
