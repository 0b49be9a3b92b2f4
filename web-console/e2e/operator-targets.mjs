// The operator's targets: define one badly, then well, change it, and delete it.

import { test } from "node:test";
import { CONSOLE_URL, guard, heading, look, name, PLATFORM_KEY, page } from "./visit.mjs";

const TARGET = `order.${name}`;
const inputs = { type: "object", properties: { total: { type: "string" } }, required: ["total"] };

test("the operator sees the targets that a shop begins with", async () => {
  await page.goto(`${CONSOLE_URL}/operator/targets`);
  await heading("Targets");
  await page.getByLabel("Platform key").fill(PLATFORM_KEY);
  await page.getByRole("button", { name: "Show the targets" }).click();
  const table = page.getByRole("table", { name: "Targets" });
  for (const target of ["cart.discount", "payment.filter", "shipping.rates"]) {
    await table.getByRole("link", { name: target }).waitFor();
  }
  await look(page, "operator-targets");
});

test("a schema that is none is refused with its place, and a good one is defined", async () => {
  await page.getByRole("link", { name: "New target" }).click();
  await heading("New target");
  await page.getByLabel("Name").fill(TARGET);
  await page.getByLabel("Title").fill("Order note");
  await page.getByLabel("Input schema").fill('{"type": "objekt"}');
  guard.tolerateOnce(/400.*platform\/targets/);
  await page.getByRole("button", { name: "Define the target" }).click();
  await page.getByText("/input_schema/type").waitFor();
  await look(page, "operator-target-refused");
  await page.getByLabel("Input schema").fill(JSON.stringify(inputs, null, 2));
  await page.getByRole("button", { name: "Define the target" }).click();
  await heading("Targets");
  await page.getByRole("table", { name: "Targets" }).getByRole("link", { name: TARGET }).click();
});

test("a target is changed, and deleted while no function answers it", async () => {
  await heading(TARGET);
  await page.getByLabel("Limits").fill('{"fuel": 1000000}');
  await page.getByRole("button", { name: "Save the target" }).click();
  await page.getByText(`${TARGET} is changed`).first().waitFor();
  await look(page, "operator-target");
  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await heading("Targets");
  await page.getByRole("table", { name: "Targets" }).getByRole("link", { name: "cart.discount" }).waitFor();
  await page
    .getByRole("table", { name: "Targets" })
    .getByRole("link", { name: TARGET })
    .waitFor({ state: "detached" });
});
