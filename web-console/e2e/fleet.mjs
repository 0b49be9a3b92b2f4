// The operator's page: it opens with the platform's key, shows the executors, and drains one and puts it back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CONSOLE_URL, heading, look, PLATFORM_KEY, page } from "./visit.mjs";

test("the operator's page wants the platform's key and says what is none", async () => {
  await page.goto(`${CONSOLE_URL}/operator/fleet`);
  await heading("Fleet");
  await page.getByLabel("Platform key").fill("cw_live_something");
  await page.getByRole("button", { name: "Show the fleet" }).click();
  await page.getByText("A platform key begins with cw_platform_").waitFor();
});

test("an executor is drained and put back", async () => {
  await page.getByLabel("Platform key").fill(PLATFORM_KEY);
  await page.getByRole("button", { name: "Show the fleet" }).click();
  const table = page.getByRole("table", { name: "Executors" });
  await table.getByText("ready", { exact: true }).waitFor();
  await look(page, "fleet");
  await table.getByRole("button", { name: /^Drain / }).click();
  await table.getByText("draining", { exact: true }).waitFor();
  await table.getByText(/an operator drains it/).waitFor();
  await look(page, "fleet-draining");
  await table.getByRole("button", { name: /^Put back / }).click();
  await table.getByText("ready", { exact: true }).waitFor();
});

test("the key is forgotten with the page", async () => {
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.doesNotMatch(stored, /cw_platform/);
  await page.reload();
  await page.getByLabel("Platform key").waitFor();
});
