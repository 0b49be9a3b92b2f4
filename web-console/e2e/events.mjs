// From what came in to what became of it: events, their deliveries, what died, and what is sent again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { post, send } from "./platform.mjs";
import { CART, CONSOLE_URL, heading, look, page, place } from "./visit.mjs";
import { webhook } from "./webhook.mjs";

const deliveries = () => page.getByRole("table", { name: "Deliveries, newest first" });

test("an event of the platform is delivered, and leads to its run", async () => {
  assert.equal((await send({ id: "order-1", type: "orders/paid", data: CART })).deliveries, 1);
  await page.goto(`${CONSOLE_URL}/events?type=orders/paid`);
  await page.getByRole("table", { name: "Events" }).getByRole("link", { name: "orders/paid" }).click();
  await heading("orders/paid");
  await page.getByRole("region", { name: "data" }).getByText("unit_price").waitFor();
  await deliveries().getByText("succeeded", { exact: true }).waitFor();
  await look(page, "event");
  await deliveries().locator('a[href^="/deliveries/"]').click();
  const attempts = page.getByRole("table", { name: "Attempts" });
  await attempts.getByText("ok", { exact: true }).waitFor();
  await look(page, "delivery");
  await attempts.locator('a[href^="/runs/"]').click();
  await page.getByRole("region", { name: "output" }).getByText("Launch offer").waitFor();
});

test("an event is edited and sent, and the delivery that dies says why", async () => {
  await page.goto(`${CONSOLE_URL}/events?type=orders/paid`);
  await page.getByRole("table", { name: "Events" }).getByRole("link", { name: "orders/paid" }).click();
  await page.getByRole("button", { name: "Edit and send…" }).click();
  const dialog = page.getByRole("dialog", { name: "Send orders/paid again" });
  await dialog.getByLabel("Data").fill('{"cart": "no cart"}');
  await look(page, "event-edited");
  await dialog.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("Sent: 1 delivery", { exact: true }).first().waitFor();
  await deliveries().getByText("dead", { exact: true }).waitFor();
  await page.getByText("Caused by").waitFor();
  await deliveries().locator('a[href^="/deliveries/"]').click();
  await page.getByRole("alert").first().waitFor();
  await look(page, "delivery-dead");
});

test("a dead delivery is replayed", async () => {
  await page.getByRole("button", { name: "Replay" }).click();
  await page.getByRole("link", { name: /^a replay of/ }).waitFor();
  await page.getByText("dead", { exact: true }).waitFor();
});

test("what died is grouped by function and cause, with an example", async () => {
  await place("Deliveries");
  await deliveries().getByText("succeeded", { exact: true }).first().waitFor();
  await look(page, "deliveries");
  await page.getByLabel("Status").selectOption("dead");
  await page.waitForURL(/status=dead/);
  await deliveries().getByText("succeeded", { exact: true }).first().waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Failed", exact: true }).click();
  const group = page
    .getByRole("table", { name: "Failed deliveries" })
    .getByRole("row", { name: "volume-discount" });
  await group.getByText("exited with an error", { exact: true }).waitFor();
  await group.getByRole("cell", { name: "2", exact: true }).waitFor();
  await look(page, "deliveries-failed");
  await group.getByRole("link", { name: /^Show them/ }).click();
  await page.waitForURL(/cause=exited/);
  assert.equal(await page.getByLabel("Function").inputValue(), "volume-discount");
});

test("what died is replayed as a batch, which tells what became of it", async () => {
  await place("Deliveries");
  await page.getByRole("link", { name: "Failed", exact: true }).click();
  await page.getByRole("button", { name: /^Replay them: volume-discount/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/^1 delivery that ended/).waitFor();
  await look(page, "deliveries-replay");
  await dialog.getByLabel("Name of the batch").fill("after the fix");
  await dialog.getByRole("button", { name: "Replay", exact: true }).click();
  const batch = page
    .getByRole("table", { name: "Replays of deliveries" })
    .getByRole("row", { name: "after the fix" });
  await batch.getByText("finished", { exact: true }).waitFor();
  await batch.getByRole("cell", { name: "1 of 1", exact: true }).waitFor();
  await look(page, "deliveries-replays");
});

test("a batch of replays leads to the deliveries that it made", async () => {
  const batch = page.getByRole("table", { name: "Replays of deliveries" });
  await batch.getByRole("link", { name: "after the fix" }).click();
  await page.waitForURL(/replay=/);
  const made = page.getByLabel("Made by");
  await made.getByRole("option", { name: "after the fix" }).waitFor({ state: "attached" });
  await deliveries().getByText("dead", { exact: true }).waitFor();
  assert.equal(await deliveries().locator('a[href^="/deliveries/"]').count(), 1);
  await look(page, "deliveries-of-replay");
  await made.selectOption("");
  await deliveries().getByText("succeeded", { exact: true }).first().waitFor();
});

test("a subscription whose deliveries die is paused, and its function's page says why", async () => {
  const new_subscription = {
    function: "volume-discount",
    event_type: "carts/broken",
    pause_after_dead: 2,
    retry: { max_attempts: 1 },
  };
  await post("/v1/subscriptions", new_subscription, 201);
  for (const id of ["broken-1", "broken-2"]) await send({ id, type: "carts/broken", data: {} });
  await page.goto(`${CONSOLE_URL}/functions/volume-discount/triggers`);
  const row = page.getByRole("table", { name: "Subscriptions" }).getByRole("row", { name: "carts/broken" });
  // The page does not follow subscriptions, so it is looked at again until the worker has been there.
  for (
    let tries = 0;
    tries < 20 && (await row.getByText("paused", { exact: true }).count()) === 0;
    tries += 1
  ) {
    await page.waitForTimeout(500);
    await page.reload();
    await row.waitFor();
  }
  await row.getByText(/2 deliveries in a row ended dead; the last was/).waitFor();
  await look(page, "triggers-auto-paused");
  await row.getByRole("button", { name: "Delete carts/broken" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await row.waitFor({ state: "detached" });
});

test("a delivery that is held can be cancelled", async () => {
  await page.goto(`${CONSOLE_URL}/functions/volume-discount/triggers`);
  const subscriptions = page.getByRole("table", { name: "Subscriptions" });
  await subscriptions.getByRole("button", { name: "Pause orders/*" }).click();
  await subscriptions.getByText("paused", { exact: true }).waitFor();
  assert.equal((await send({ id: "order-2", type: "orders/paid", data: CART })).deliveries, 1);
  await page.goto(`${CONSOLE_URL}/deliveries?status=pending`);
  await deliveries().getByText("held", { exact: true }).waitFor();
  await deliveries().locator('a[href^="/deliveries/"]').click();
  await page.getByText("It is held", { exact: true }).waitFor();
  await look(page, "delivery-held");
  await page.getByRole("button", { name: "Cancel the delivery" }).click();
  await page.getByText("cancelled", { exact: true }).waitFor();
});

test("a signed webhook becomes an event of its source; one that meets nothing says what to do", async () => {
  const answer = await webhook("msg-1", { type: "user.created", data: { id: 7 } });
  assert.equal(answer.status, 200);
  await page.goto(`${CONSOLE_URL}/events?source=crm`);
  await page.getByRole("table", { name: "Events" }).getByRole("link", { name: "user.created" }).click();
  await page.getByText("It met no subscription").waitFor();
  await look(page, "event-met-none");
  await place("Events");
  await page.getByRole("table", { name: "Events" }).getByText("the platform").first().waitFor();
  await look(page, "events");
});
