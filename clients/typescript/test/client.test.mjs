// The client against a server that answers as each test tells it: repeats, waits, time, and what is thrown.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { Cartwright, FunctionError, NetworkError, ProblemError, TimeoutError } from "../dist/index.js";
import { retryAfterMs, waitMs } from "../dist/retry.js";

const servers = [];
after(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
});

/** A server that answers its requests in turn with these, the last one again and again; and a client for it. */
async function playing(answers, options = {}) {
  const requests = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    requests.push({ path: request.url, headers: request.headers, body });
    answers[Math.min(requests.length, answers.length) - 1](response, request);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  servers.push(server);
  const url = `http://127.0.0.1:${server.address().port}/`;
  return { requests, cartwright: new Cartwright({ url, key: "cw_live_x", ...options }) };
}

const fine = (response) => {
  response.writeHead(200, {
    "content-type": "application/json",
    "cartwright-invocation-id": "i-1",
    "cartwright-version": "3",
    "cartwright-fuel": "34404",
    "cartwright-memory-peak": "1114112",
    "cartwright-duration-us": "176",
    "cartwright-cost": "0.00000098808 USD",
    "cartwright-request-id": "r-1",
  });
  response.end('{"total":"5.97"}');
};
const problem =
  (status, code, more = {}, headers = {}) =>
  (response) => {
    response.writeHead(status, { "content-type": "application/problem+json", ...headers });
    response.end(JSON.stringify({ type: "/docs", title: "t", status, detail: "d", code, ...more }));
  };
const reset = (response) => response.socket.destroy();

test("a result comes with what it used", async () => {
  const { cartwright, requests } = await playing([fine]);

  const run = await cartwright.invoke("discount", { cart: {} }, { alias: "staging" });

  assert.deepEqual(run, {
    output: { total: "5.97" },
    invocationId: "i-1",
    version: 3,
    fuel: 34404,
    memoryPeakBytes: 1114112,
    durationUs: 176,
    cost: "0.00000098808 USD",
    cached: false,
    replayed: false,
    requestId: "r-1",
  });
  assert.equal(requests[0].path, "/v1/invoke/discount?alias=staging");
  assert.equal(requests[0].headers.authorization, "Bearer cw_live_x");
  assert.equal(requests[0].body, '{"cart":{}}');
});

test("a call whose connection breaks is repeated with the same key and the same bytes", async () => {
  const { cartwright, requests } = await playing([reset, reset, fine]);

  const run = await cartwright.invoke("discount", { cart: 1 });

  assert.equal(run.fuel, 34404);
  assert.equal(requests.length, 3);
  const keys = new Set(requests.map((request) => request.headers["idempotency-key"]));
  assert.equal(keys.size, 1);
  assert.match([...keys][0], /^[0-9a-f-]{36}$/);
  assert.deepEqual(new Set(requests.map((request) => request.body)), new Set(['{"cart":1}']));
});

test("two calls have two keys, and a key of the caller's is taken", async () => {
  const { cartwright, requests } = await playing([fine]);
  await cartwright.invoke("f", 1);
  await cartwright.invoke("f", 1);
  await cartwright.invoke("f", 1, { idempotencyKey: "order-1001" });
  const keys = requests.map((request) => request.headers["idempotency-key"]);
  assert.notEqual(keys[0], keys[1]);
  assert.equal(keys[2], "order-1001");
});

test("without a key, a call whose connection breaks is not repeated", async () => {
  const { cartwright, requests } = await playing([reset, fine]);
  await assert.rejects(cartwright.invoke("f", 1, { idempotencyKey: false }), NetworkError);
  assert.equal(requests.length, 1);
  assert.equal(requests[0].headers["idempotency-key"], undefined);
});

test("a refusal before a run is repeated, not before the server says", async () => {
  const busy = problem(429, "concurrency_limited", {}, { "retry-after": "1" });
  const { cartwright, requests } = await playing([busy, problem(503, "shedding"), fine]);
  const began = performance.now();

  await cartwright.invoke("f", 1, { idempotencyKey: false });

  assert.equal(requests.length, 3);
  // A timer may fire within its last millisecond.
  assert.ok(performance.now() - began >= 999, "it came back before Retry-After");
});

test("a wait that is longer than the call's time is not begun", async () => {
  const { cartwright, requests } = await playing([
    problem(429, "quota_exceeded", {}, { "retry-after": "3600" }),
  ]);
  await assert.rejects(cartwright.invoke("f", 1), { code: "quota_exceeded" });
  const later = await playing([problem(429, "rate_limited", {}, { "retry-after": "3600" })]);
  await assert.rejects(later.cartwright.invoke("f", 1), { code: "rate_limited" });
  assert.deepEqual([requests.length, later.requests.length], [1, 1]);
});

test("a failed run is thrown at once with all that is known of it", async () => {
  const { cartwright, requests } = await playing([
    problem(422, "fuel_exhausted", {
      invocation_id: "i-2",
      limit: 5,
      used: 6,
      backtrace: ["f"],
      log_tail: "l",
      request_id: "r",
    }),
  ]);

  const error = await cartwright.invoke("f", 1).catch((thrown) => thrown);

  assert.ok(error instanceof FunctionError && error instanceof ProblemError);
  assert.deepEqual(
    [error.code, error.status, error.invocationId, error.requestId],
    ["fuel_exhausted", 422, "i-2", "r"],
  );
  assert.deepEqual([error.problem.limit, error.problem.used, error.problem.backtrace], [5, 6, ["f"]]);
  assert.equal(error.message, "fuel_exhausted: d");
  assert.equal(requests.length, 1);
});

test("a misused key is no failed run", async () => {
  const { cartwright } = await playing([problem(422, "idempotency_mismatch")]);
  const error = await cartwright.invoke("f", 1).catch((thrown) => thrown);
  assert.ok(error instanceof ProblemError && !(error instanceof FunctionError));
});

test("attempts come to an end, and the last error is told", async () => {
  const { cartwright, requests } = await playing([reset], { attempts: 2 });
  await assert.rejects(cartwright.invoke("f", 1), NetworkError);
  assert.equal(requests.length, 2);
});

test("time comes to an end, in one attempt as in many", async () => {
  const never = await playing([() => {}]);
  const error = await never.cartwright.invoke("f", 1, { timeoutMs: 60 }).catch((thrown) => thrown);
  assert.ok(error instanceof TimeoutError, String(error));
  assert.equal(error.timeoutMs, 60);
});

test("the caller's own signal ends a call with the caller's own reason", async () => {
  const { cartwright } = await playing([() => {}]);
  const controller = new AbortController();
  const call = cartwright.invoke("f", 1, { signal: controller.signal });
  controller.abort(new Error("the buyer left"));
  await assert.rejects(call, { message: "the buyer left" });
});

test("a page of a proxy is a problem too", async () => {
  const { cartwright } = await playing([
    (response) => {
      response.writeHead(404, { "content-type": "text/html" });
      response.end("<html>");
    },
  ]);
  await assert.rejects(cartwright.invoke("f", 1), { code: "unexpected_answer", status: 404 });
});

test("the platform's key names the tenant that it acts for, in a call or for all", async () => {
  const { cartwright, requests } = await playing([fine], { tenant: "ada" });
  await cartwright.invoke("f", 1);
  await cartwright.invoke("f", 1, { tenant: "bob" });
  const tenants = requests.map((request) => request.headers["cartwright-tenant"]);
  assert.deepEqual(tenants, ["ada", "bob"]);
});

test("all functions of a target answer in one call", async () => {
  const results = [
    { function: "a", output: 1 },
    { function: "b", error: { code: "trap" } },
  ];
  const { cartwright, requests } = await playing([
    (response) => {
      response.writeHead(200, { "content-type": "application/json", "cartwright-cost": "0.000002 USD" });
      response.end(JSON.stringify({ results }));
    },
  ]);
  const call = await cartwright.run("cart.discount", { cart: {} }, { tenant: "ada", budgetMs: 50 });
  assert.deepEqual(call, { results, cost: "0.000002 USD", replayed: false, requestId: "" });
  const { path, headers } = requests[0];
  assert.equal(path, "/v1/run/cart.discount");
  assert.deepEqual([headers["cartwright-tenant"], headers["cartwright-budget-ms"]], ["ada", "50"]);
});

test("what cannot work is said before anything is sent", () => {
  assert.throws(() => new Cartwright({ url: "", key: "k" }), /needs a url and a key/);
  assert.throws(() => new Cartwright({ url: "ftp://x.test", key: "k" }), /no address/);
});

test("waits grow, have an end, and are spread", () => {
  assert.equal(
    waitMs(0, 0, () => 1),
    50,
  );
  assert.equal(
    waitMs(2, 0, () => 1),
    200,
  );
  assert.equal(
    waitMs(20, 0, () => 1),
    2000,
  );
  assert.equal(
    waitMs(0, 0, () => 0),
    0,
  );
  assert.equal(
    waitMs(0, 3000, () => 0.5),
    3025,
  );
  assert.equal(retryAfterMs("2"), 2000);
  assert.equal(retryAfterMs("Sat, 21 Nov 2026 12:00:05 GMT", Date.UTC(2026, 10, 21, 12)), 5000);
  assert.equal(retryAfterMs("soon"), 0);
  assert.equal(retryAfterMs(null), 0);
});
