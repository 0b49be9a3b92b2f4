// The operator gives a tenant other quotas than its plan does.

import { test } from "node:test";
import { CONSOLE_URL, guard, heading, look, name, PLATFORM_KEY, page } from "./visit.mjs";

test("the operator sets a tenant's quotas, and sees what is in force", async () => {
  await page.goto(`${CONSOLE_URL}/operator/quotas`);
  await heading("Quotas of a tenant");
  await page.getByLabel("Platform key").fill(PLATFORM_KEY);
  await page.getByRole("button", { name: "Show quotas" }).click();
  await page.getByLabel("Tenant, by its name or id").fill(name);
  await page.getByRole("button", { name: "Show", exact: true }).click();
  const table = page.getByRole("table", { name: "Quotas in force" });
  await table.getByText("5,000, 10 k at once").first().waitFor();
  const rate = page.getByRole("group", { name: "Runs per second" });
  await rate.getByLabel("Runs per second").fill("2000000");
  guard.tolerateOnce(/400.*quotas/);
  await page.getByRole("button", { name: "Save quotas" }).click();
  await page.getByRole("alert").waitFor();
  await look(page, "operator-quotas-refused");
  await rate.getByLabel("Runs per second").fill("1000");
  await rate.getByLabel("At once, after a pause").fill("2000");
  await page.getByRole("button", { name: "Save quotas" }).click();
  await table.getByText("1,000, 2,000 at once").first().waitFor();
  await look(page, "operator-quotas");
});
