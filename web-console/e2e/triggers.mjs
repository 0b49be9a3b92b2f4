// What runs a function by itself: a source whose webhooks come in, subscriptions, and schedules.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CART, CONSOLE_URL, focused, guard, heading, look, page, place, tab, visit } from "./visit.mjs";

test("a source shows the address to paste and, once, its secret", async () => {
  await place("Sources");
  await page.getByText("No sources yet").waitFor();
  await look(page, "sources-none");
  await page.getByRole("button", { name: "Create a source" }).click();
  await page.getByLabel("Name").fill("crm");
  await look(page, "source-wishes");
  await page.getByLabel("Signed by").selectOption("hmac");
  await page.getByLabel("Header with the signature").waitFor();
  await look(page, "source-hmac");
  await page.getByLabel("Signed by").selectOption("shopify");
  assert.equal(await page.getByLabel("Type of events without one").count(), 0);
  await page.getByLabel("Signed by").selectOption("standard_webhooks");
  assert.equal(await page.getByLabel("Header with the signature").count(), 0);
  assert.equal(await page.getByLabel("Type of events without one").count(), 1);
  await page.getByRole("button", { name: "Create", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Source crm" });
  visit.source = (await dialog.getByRole("region", { name: "Address" }).textContent()).trim();
  visit.secret = (await dialog.getByRole("region", { name: "Secret" }).textContent()).trim();
  assert.match(visit.secret, /^whsec_/);
  await look(page, "source-once");
  await dialog.getByRole("button", { name: "I have copied it" }).click();
  await heading("crm");
  assert.ok(!(await page.content()).includes(visit.secret));
  await page.getByText("Type of events without one").waitFor();
  assert.equal(await page.getByText("Header with the signature").count(), 0);
  await look(page, "source");
});

test("a second secret is added beside the first", async () => {
  await page.getByRole("button", { name: "Add a secret…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("dialog").getByText("It is shown this once").waitFor();
  await page.getByRole("button", { name: "I have copied it" }).click();
  const secrets = page.getByRole("table", { name: "Secrets" });
  await secrets.getByText("in 23 h").waitFor();
  assert.equal(await secrets.getByRole("button", { name: /^Remove secret/ }).count(), 2);
});

test("a filter that cannot be read is refused with its line and column", async () => {
  await page.goto(`${CONSOLE_URL}/functions/volume-discount`);
  await tab("Triggers");
  await page.getByText("No event runs it").waitFor();
  await look(page, "triggers-none");
  await page.getByRole("button", { name: "Subscribe" }).click();
  const dialog = page.getByRole("dialog", { name: "Subscribe volume-discount to events" });
  await dialog.getByLabel("Event type").fill("orders/*");
  await dialog.getByLabel("Filter").fill("event.data.total >");
  await dialog.getByLabel("Transform").fill("event.data");
  guard.tolerateOnce(/400.*subscriptions/);
  await dialog.getByRole("button", { name: "Subscribe" }).click();
  await dialog
    .getByText(/line 1, column 19/)
    .first()
    .waitFor();
  await look(page, "subscription-refused");
  await dialog.getByLabel("Filter").fill("has(event.data.cart)");
  await dialog.getByRole("button", { name: "Subscribe" }).click();
  await page.getByRole("table", { name: "Subscriptions" }).getByText("has(event.data.cart)").waitFor();
});

test("a subscription is changed, paused and resumed", async () => {
  const table = page.getByRole("table", { name: "Subscriptions" });
  await table.getByRole("button", { name: "Change orders/*" }).click();
  await page.getByLabel("Attempts, at most").fill("2");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await table.getByRole("button", { name: "Pause orders/*" }).click();
  await table.getByText("paused", { exact: true }).waitFor();
  await look(page, "triggers-paused");
  await table.getByRole("button", { name: "Resume orders/*" }).click();
  await table.getByText("on", { exact: true }).waitFor();
});

test("a schedule shows its next five times while it is written, is created, and runs now", async () => {
  await page.getByRole("button", { name: "Schedule", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Create a schedule" });
  const next = dialog.getByRole("region", { name: "Fires next" });
  await next.getByRole("listitem").nth(4).waitFor();
  // The reader's clock is another, all year.
  await dialog.getByLabel("By the clock of").fill("Asia/Kolkata");
  const byBoth = next.getByRole("listitem").filter({ hasText: /02:30.*by yours/ });
  await byBoth.nth(4).waitFor();
  guard.tolerateOnce(/400.*schedules\/preview/);
  await dialog.getByLabel("Rule").fill("0 25 * * *");
  await dialog.getByText(/^Cannot be read/).waitFor();
  assert.equal(await dialog.getByLabel("Rule").getAttribute("aria-invalid"), "true");
  await next.getByText("No times until “Rule” is put right.").waitFor();
  assert.equal(await next.getByRole("listitem").count(), 0);
  assert.ok(await dialog.getByRole("button", { name: "Create", exact: true }).isDisabled());
  await look(page, "schedule-refused");
  await dialog.getByRole("button", { name: "On weekdays at 09:00" }).click();
  const times = next.getByRole("listitem").filter({ hasText: "09:00" });
  await times.nth(4).waitFor();
  assert.equal(await times.count(), 5);
  await dialog.getByLabel("Input").fill(JSON.stringify(CART));
  await look(page, "schedule-wishes");
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByText("volume-discount is scheduled", { exact: true }).waitFor();
  const table = page.getByRole("table", { name: "Schedules" });
  await table.getByText("On weekdays at 09:00").waitFor();
  await look(page, "triggers");
  await table.getByRole("button", { name: /^Run now/ }).click();
  await page.getByText("volume-discount runs now", { exact: true }).first().waitFor();
});

test("a schedule is changed, and says before when it would fire", async () => {
  const table = page.getByRole("table", { name: "Schedules" });
  await table.getByRole("button", { name: /^Change 0 9/ }).click();
  const dialog = page.getByRole("dialog", { name: "Change 0 9 * * MON-FRI" });
  assert.deepEqual(JSON.parse(await dialog.getByLabel("Input").inputValue()), CART);
  await dialog.getByRole("button", { name: "Every Monday at 06:00" }).click();
  await dialog
    .getByRole("listitem")
    .filter({ hasText: /^Mon.*06:00/ })
    .nth(4)
    .waitFor();
  await look(page, "schedule-changed");
  await dialog.getByRole("button", { name: "Save" }).click();
  await table.getByText("Every Monday at 06:00").waitFor();
});

test("the schedules of all functions stand on a page of their own, and can be paused there", async () => {
  await place("Schedules");
  await heading("Schedules");
  const table = page.getByRole("table", { name: "Schedules" });
  await table.getByRole("link", { name: "volume-discount" }).waitFor();
  await look(page, "schedules");
  await table.getByRole("button", { name: /^Pause/ }).click();
  await table.getByText("paused", { exact: true }).waitFor();
  await table.getByRole("button", { name: /^Change/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("region", { name: "Would fire" }).getByRole("listitem").nth(4).waitFor();
  await look(page, "schedule-paused-changed");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(await focused(), "Change…");
  await table.getByRole("button", { name: /^Resume/ }).click();
  await table.getByRole("button", { name: /^Pause/ }).waitFor();
});
