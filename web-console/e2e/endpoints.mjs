// Where messages go: an endpoint, its secret, a test message and what its attempts came to.

import assert from "node:assert/strict";
import { test } from "node:test";
import { post, send } from "./platform.mjs";
import { startReceiver } from "./receiver.mjs";
import { CART, CONSOLE_URL, guard, heading, look, page, place } from "./visit.mjs";

let receiver;

test("an endpoint inside is refused; one outside shows its secret once", async () => {
  await place("Endpoints");
  await page.getByText("No endpoints yet").waitFor();
  await look(page, "endpoints-none");
  await page.getByRole("button", { name: "Create an endpoint" }).click();
  const dialog = page.getByRole("dialog", { name: "Create an endpoint" });
  await dialog.getByLabel("Name").fill("operations");
  await dialog.getByLabel("Address").fill("https://10.1.2.3/hooks");
  guard.tolerateOnce(/400.*endpoints/);
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await dialog.getByRole("alert").waitFor();
  await look(page, "endpoint-refused");
  // A name that no one can ever have: nothing is sent anywhere.
  await dialog.getByLabel("Address").fill("https://hooks.invalid/cartwright");
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  const made = page.getByRole("dialog", { name: "Endpoint operations" });
  assert.match((await made.getByRole("region", { name: "Secret" }).textContent()).trim(), /^whsec_/);
  await look(page, "endpoint-once");
  await made.getByRole("button", { name: "I have copied it" }).click();
  await heading("operations");
});

test("a test message shows what its attempts came to", async () => {
  await page.getByText("No messages yet").waitFor();
  await page.getByRole("button", { name: "Send a test" }).click();
  const messages = page.getByRole("table", { name: "Messages" });
  await messages.getByText("name not found").waitFor();
  await look(page, "endpoint");
  await messages.getByRole("link", { name: "endpoint.test" }).click();
  await heading("endpoint.test");
  const attempts = page.getByRole("table", { name: "Attempts" });
  await attempts.getByText("name not found").first().waitFor();
  await look(page, "message");
  // It is still being tried, so there is nothing to send again.
  await page.getByText("pending", { exact: true }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Resend" }).count(), 0);
});

test("an endpoint's secret is replaced, and it can be disabled", async () => {
  await page.getByRole("link", { name: "operations" }).click();
  await heading("operations");
  await page.getByRole("button", { name: "Make a new one" }).click();
  await page.getByRole("button", { name: "I have copied it" }).click();
  await page.getByText(/signs until it ends/).waitFor();
  await page.getByRole("button", { name: "Disable" }).click();
  await page.getByText("Nothing is sent to it").waitFor();
  await look(page, "endpoint-disabled");
  await place("Endpoints");
  await page.getByRole("table", { name: "Endpoints" }).getByText("disabled", { exact: true }).waitFor();
  await look(page, "endpoints");
});

test("the output of a function is sent as a message, to which its delivery leads, and back", async () => {
  receiver = await startReceiver();
  const endpoint = await post("/v1/endpoints", { name: "receiver", url: receiver.url }, 201);
  const subscription = {
    function: "volume-discount",
    event_type: "carts/sent",
    transform: "event.data",
    output_endpoint_id: endpoint.id,
  };
  await post("/v1/subscriptions", subscription, 201);
  await send({ id: "sent-1", type: "carts/sent", data: CART });
  await page.goto(`${CONSOLE_URL}/deliveries?status=succeeded`);
  const deliveries = page.getByRole("table", { name: "Deliveries, newest first" });
  const row = deliveries.getByRole("row", { name: "carts/sent" });
  await row.locator('a[href^="/deliveries/"]').click();
  await heading("carts/sent to volume-discount");
  await page.getByText("succeeded", { exact: true }).nth(1).waitFor();
  await look(page, "delivery-sent");
  await page.getByRole("link", { name: "its output, as a message" }).click();
  await heading("function.output");
  await page.getByRole("region", { name: "payload" }).getByText("Launch offer").waitFor();
  await look(page, "message-output");
  await page.getByRole("link", { name: /^delivery …/ }).click();
  await heading("carts/sent to volume-discount");
  await page.goBack();
});

test("a message that was received is sent again under the same id", async () => {
  const attempts = page.getByRole("table", { name: "Attempts" });
  await attempts.getByText("delivered", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Resend" }).click();
  await page.getByText("It is sent again", { exact: true }).first().waitFor();
  await attempts.getByText("delivered", { exact: true }).nth(1).waitFor();
  await look(page, "message-resent");
  const [first, second] = receiver.received;
  assert.equal(receiver.received.length, 2);
  assert.ok(first.id);
  assert.deepEqual(second, first);
  await receiver.close();
});
