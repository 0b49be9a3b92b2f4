// The client against the real thing: started by tests/tests/it/callers.rs, with a tenant that has the function `discount` live.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Cartwright, FunctionError, NetworkError, ProblemError } from "../dist/index.js";

const {
  CARTWRIGHT_INVOKE_URL: url,
  CARTWRIGHT_API_KEY: key,
  CARTWRIGHT_PLATFORM_KEY,
  CARTWRIGHT_TENANT,
} = process.env;
const cartwright = new Cartwright({ url, key });
const cart = {
  cart: {
    id: "c",
    currency: "EUR",
    lines: [{ id: "1", sku: "TEE", title: "Tee", quantity: 3, unit_price: "19.90" }],
  },
};

test("a cart comes back with its discount, and with what that took", async () => {
  const run = await cartwright.invoke("discount", cart);
  assert.equal(run.output.total, "5.97");
  assert.equal(run.version, 1);
  assert.ok(run.fuel > 1_000 && run.memoryPeakBytes > 0);
  assert.match(run.invocationId, /^[0-9a-f-]{36}$/);
  assert.match(run.requestId, /^[0-9a-f-]{36}$/);
  assert.match(run.cost, /^0\.0\d+ USD$/);
});

test("the same key again brings the first result, and no second run", async () => {
  const options = { idempotencyKey: `cart-c-${Date.now()}` };
  const first = await cartwright.invoke("discount", cart, options);
  const again = await cartwright.invoke("discount", cart, options);
  assert.deepEqual([first.replayed, again.replayed], [false, true]);
  assert.equal(again.invocationId, first.invocationId);
  const other = cartwright.invoke("discount", { cart: {} }, options);
  await assert.rejects(other, { code: "idempotency_mismatch", status: 422 });
});

test("the platform calls the function of the tenant that it names", async () => {
  const platform = new Cartwright({ url, key: CARTWRIGHT_PLATFORM_KEY, tenant: CARTWRIGHT_TENANT });
  assert.equal((await platform.invoke("discount", cart)).output.total, "5.97");
  await assert.rejects(platform.invoke("discount", cart, { tenant: "nobody-of-that-name" }), {
    code: "not_found",
  });
});

test("all functions that a tenant bound to a target answer in one call", async () => {
  const platform = new Cartwright({ url, key: CARTWRIGHT_PLATFORM_KEY, tenant: CARTWRIGHT_TENANT });
  // Executors hear of a binding within seconds.
  const end = Date.now() + 15_000;
  let call = await platform.run("cart.discount", cart);
  while (call.results.length === 0 && Date.now() < end) call = await platform.run("cart.discount", cart);
  const results = call.results.map((result) => [result.function, result.output?.total, result.error]);
  assert.deepEqual(results, [["in-checkout", "5.97", undefined]]);
  assert.match(call.cost, /^0\.0\d+ USD$/);
});

test("a function that fails throws where it failed", async () => {
  const error = await cartwright.invoke("discount", { cart: 1 }).catch((thrown) => thrown);
  assert.ok(error instanceof FunctionError, String(error));
  assert.equal(error.code, "exited");
  assert.match(error.invocationId, /^[0-9a-f-]{36}$/);
  assert.ok(error.problem.log_tail.length > 0);
});

test("refusals have their code", async () => {
  await assert.rejects(cartwright.invoke("nothing", {}), { code: "not_found", status: 404 });
  await assert.rejects(cartwright.invoke("discount", cart, { version: 99 }), { code: "not_found" });
  const stranger = new Cartwright({ url, key: "cw_live_x" });
  const error = await stranger.invoke("discount", cart).catch((thrown) => thrown);
  assert.ok(error instanceof ProblemError && !(error instanceof FunctionError));
  assert.equal(error.code, "unauthenticated");
});

test("where nobody listens there is no answer", async () => {
  const nowhere = new Cartwright({ url: "http://127.0.0.1:1", key, attempts: 2 });
  await assert.rejects(nowhere.invoke("discount", cart), NetworkError);
});
