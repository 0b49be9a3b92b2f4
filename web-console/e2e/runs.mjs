// Calling the function from outside, and looking at what is left of the calls.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { CART, CONSOLE_URL, guard, INVOKE_URL, invoke, look, page, place, tab, visit } from "./visit.mjs";

const ASSEMBLYSCRIPT = join(
  import.meta.dirname,
  "../../functions/volume-discount-assemblyscript/volume-discount-assemblyscript.wasm",
);

test("a key is shown once", async () => {
  await place("API keys");
  await look(page, "keys-none");
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByLabel("Name").fill("shop backend");
  await look(page, "key-wishes");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  visit.key = (await page.getByRole("region", { name: "API key" }).textContent()).trim();
  assert.match(visit.key, /^cw_live_/);
  await look(page, "key-once");
  await page.getByRole("button", { name: "I have copied it" }).click();
  await page.getByRole("table", { name: "API keys" }).getByText("shop backend").waitFor();
  await page.reload();
  await page.getByRole("table", { name: "API keys" }).getByText("shop backend").waitFor();
  assert.ok(!(await page.content()).includes(visit.key));
  await look(page, "keys");
});

test("the run log can keep everything", async () => {
  await place("Settings");
  await page.getByLabel("Everything").check();
  await page.getByText("The run log keeps: everything", { exact: true }).waitFor();
  await look(page, "tenant");
});

test("the address that the console shows runs the function with the key", async () => {
  await page.goto(`${CONSOLE_URL}/functions/volume-discount/call`);
  const address = `${INVOKE_URL}/v1/invoke/volume-discount`;
  await page.getByRole("region", { name: "curl command" }).getByText(address).waitFor();
  await look(page, "call");
  const answer = await invoke(JSON.stringify(CART));
  assert.equal(answer.status, 200);
  visit.invocation = answer.headers.get("cartwright-invocation-id");
  assert.ok(visit.invocation);
});

test("the run is listed, with what went in and what came out", async () => {
  await place("Runs");
  await page.getByRole("table", { name: "Runs" }).getByText("http").first().waitFor();
  await look(page, "runs");
  await page.getByLabel("Trigger").selectOption("http");
  await page.waitForURL(/trigger=http/);
  await page.locator(`a[href="/runs/${visit.invocation}"]`).click();
  await page.getByRole("region", { name: "output" }).getByText("Launch offer").waitFor();
  await page.getByText(visit.invocation).waitFor();
  await look(page, "run");
});

test("a replay of it gives the same output and the same fuel", async () => {
  await page.getByRole("button", { name: "Replay" }).click();
  await page.getByText("equal output").waitFor();
  await page.getByText("equal fuel").waitFor();
  await page.getByRole("region", { name: "As it went now" }).getByText("Launch offer").waitFor();
  await look(page, "replay");
});

test("a shadow run says what another version does with it, before anyone meets it", async () => {
  // No gate is set yet, which the API answers with 404.
  guard.tolerateOnce(/404.*aliases\/live\/gate/);
  await page.goto(`${CONSOLE_URL}/functions/volume-discount/shadow`);
  await page.getByLabel("Version", { exact: true }).selectOption("3");
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByText("v3 against what was recorded").waitFor();
  await page.getByText("finished", { exact: true }).waitFor();
  await page.getByRole("table", { name: "Runs, the worst first" }).getByText("same").waitFor();
  await page.getByText("Runs of the last 7 days").waitFor();
  await page.getByRole("button", { name: "Promote v3" }).waitFor();
  await look(page, "shadow");
  await page.getByRole("button", { name: /^Compare run/ }).click();
  await page.getByRole("dialog").getByText("Launch offer").first().waitFor();
  await look(page, "shadow-compare");
  await page.keyboard.press("Escape");
});

test("a gate says what must be proved of a version before it goes live", async () => {
  await page.getByText("Any version can go live.").waitFor();
  await page.getByRole("button", { name: "Set a gate…" }).click();
  await page.getByLabel("Runs compared, at least").fill("50");
  await page.getByLabel("Differing, at most").fill("0");
  await look(page, "gate-wishes");
  await page.getByRole("button", { name: "Set the gate" }).click();
  await page.getByText(/^50 runs compared/).waitFor();
  await look(page, "gate");
});

test("the gate refuses a promotion, and says what is missing", async () => {
  await tab("Versions");
  await page.getByLabel("Module, a .wasm file").setInputFiles(ASSEMBLYSCRIPT);
  await page.getByText("v4 is ready").waitFor();
  guard.tolerateOnce(/409.*aliases\/live/);
  await page.getByRole("table", { name: "Versions" }).getByRole("button", { name: "Promote v4" }).click();
  await page
    .getByText(/has a gate and does not move to version 4 yet: no batch of replays of version 4 has finished/)
    .first()
    .waitFor();
  await look(page, "gate-refuses");
  await page.getByText("v1 live", { exact: true }).waitFor();
  await tab("Shadow run");
  await page.getByRole("button", { name: "Remove the gate" }).click();
  await page.getByText("Any version can go live.").waitFor();
});

test("a run that failed says why", async () => {
  const answer = await invoke('{"cart":"no cart"}');
  assert.equal(answer.status, 422);
  const { detail, invocation_id } = await answer.json();
  await page.goto(`${CONSOLE_URL}/runs?outcome=exited`);
  await page.locator(`a[href="/runs/${invocation_id}"]`).click();
  await page.getByRole("alert").getByText(detail, { exact: false }).waitFor();
  await look(page, "run-failed");
});

test("filters stand in the address and survive a reload", async () => {
  await page.goto(`${CONSOLE_URL}/runs?trigger=test&since=24h`);
  await page.getByRole("table", { name: "Runs" }).waitFor();
  assert.equal(await page.getByLabel("Trigger").inputValue(), "test");
  assert.equal(await page.getByLabel("When").inputValue(), "24h");
  assert.equal(await page.locator(`a[href="/runs/${visit.invocation}"]`).count(), 0);
});

test("usage counts the calls, bills them and leaves the try and the replays out of the bill", async () => {
  await place("Usage");
  const row = page
    .getByRole("table", { name: "Usage by function" })
    .getByRole("row", { name: "volume-discount" });
  await row.waitFor();
  const [runs, billed] = (await row.getByRole("cell").allInnerTexts()).slice(1).map(Number);
  assert.equal(billed, 2);
  assert.equal(runs, 5);
  await page.getByText("This month's bill, so far").waitFor();
  await page.getByRole("table", { name: "Lines of the estimate" }).waitFor();
  const quotas = page.getByRole("table", { name: "Quotas" });
  const rate = quotas.getByRole("row", { name: "Runs per second" });
  await rate.getByText("5,000, 10 k at once").waitFor();
  await quotas.getByRole("row", { name: "Runs at once" }).waitFor();
  await look(page, "usage");
});

test("a function has quotas of its own, beside the tenant's", async () => {
  await page.goto(`${CONSOLE_URL}/functions/volume-discount/settings`);
  const day = page.getByRole("group", { name: "Runs a day" });
  await day.getByRole("spinbutton").fill("100000");
  await day.getByLabel("In shadow").check();
  await page.getByRole("button", { name: "Save quotas" }).click();
  await page.getByText("Quotas of volume-discount are in force", { exact: true }).waitFor();
  await look(page, "function-quotas");
  await place("Usage");
  const rule = page.getByRole("table", { name: "Quotas" }).getByRole("row", { name: "Runs a day" });
  await rule.getByText("shadow", { exact: true }).waitFor();
});

test("the log is seen while the function runs, can be filtered and paused", async () => {
  await page.goto(`${CONSOLE_URL}/functions/volume-discount`);
  await tab("Logs");
  await page.getByRole("heading", { name: "Live log live" }).waitFor();
  await look(page, "logs-none");
  const lines = page.getByRole("region", { name: "Log lines" }).getByRole("listitem");
  const seen = lines.filter({ hasText: "✕" });
  await invokeUntil(async () => (await seen.count()) > 0);
  await look(page, "logs");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("paused", { exact: true }).waitFor();
  const shown = await lines.count();
  await invokeUntil(async () => (await page.getByRole("button", { name: /Go on, \d+ new/ }).count()) > 0);
  assert.equal(await lines.count(), shown);
  await page.getByRole("button", { name: /Go on/ }).click();
  await lines.nth(shown).waitFor();
  await page.getByLabel("Text").fill("no line says this");
  await page.waitForURL(/text=no/);
  await page.getByText("Nothing logged yet").waitFor();
});

/** Fails a run again and again until something is so: the executors learn within moments that somebody watches. */
async function invokeUntil(isSo) {
  for (let tries = 0; tries < 100; tries += 1) {
    assert.equal((await invoke('{"cart":"no cart"}')).status, 422);
    await page.waitForTimeout(150);
    if (await isSo()) return;
  }
  assert.fail("nothing came of a hundred runs");
}
