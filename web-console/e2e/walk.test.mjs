// One person's first hour with the console, on a real stack: from sign-up to the bill. Each step begins where the one before ended.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openBrowser, watch } from "./browser.mjs";
import { startLooking } from "./looks.mjs";

const CONSOLE_URL = needed("CARTWRIGHT_CONSOLE_URL");
const INVOKE_URL = needed("CARTWRIGHT_INVOKE_URL");
const MODULE = join(import.meta.dirname, "../../functions/volume-discount-rust/volume-discount-rust.wasm");
const CART = {
  cart: { currency: "EUR", lines: [{ id: "a", sku: "A", title: "A", quantity: 5, unit_price: "10.00" }] },
};
const SETTLE_MS = 15_000;

const name = `e2e-${randomBytes(4).toString("hex")}`;
const who = { email: `${name}@example.com`, password: `pass-${randomBytes(12).toString("hex")}` };
const { seen, look } = startLooking();
let browser;
let page;
let guard;
let key;

before(async () => {
  browser = await openBrowser();
  page = browser.page;
  page.setDefaultTimeout(SETTLE_MS);
  guard = watch(page, new URL(CONSOLE_URL).origin);
});

after(async () => {
  await browser?.close();
  const { requests, complaints, strangers } = guard.noted;
  process.stdout.write(
    `console: ${seen.pictures} pictures, ${seen.rules} accessibility rules held, ${seen.violations.length} broken; ` +
      `${requests} requests, ${strangers.length} to others; ${complaints.length} complaints\n`,
  );
});

test("whoever is not signed in is asked to, under a policy that lets no stranger in", async () => {
  const response = await page.goto(CONSOLE_URL);
  assert.match(response.headers()["content-security-policy"] ?? "", /default-src 'self'/);
  await heading("Sign in");
  await look(page, "sign-in");
});

test("signing in with a wrong password says so, in the API's sentence", async () => {
  guard.tolerateOnce(/401.*auth\/login/);
  await page.getByLabel("E-mail").fill(who.email);
  await page.getByLabel("Password").fill("not this one");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("password is wrong").waitFor();
  await page.getByRole("alert").getByText("Request").waitFor();
});

test("signing up leads to the three ways to a first function", async () => {
  await page.getByRole("link", { name: "Create an account" }).click();
  await heading("Create an account");
  await look(page, "sign-up");
  await page.getByLabel("Shop or team").fill(name);
  await page.getByLabel("E-mail").fill(who.email);
  await page.getByLabel("Password").fill(who.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await heading("Your first function");
  await look(page, "first-function");
});

test("the first stop of the keyboard skips to the page", async () => {
  await page.reload();
  await heading("Your first function");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the page");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "page");
});

test("a module becomes the first version of a new function", async () => {
  await page.goto(`${CONSOLE_URL}/functions/new`);
  await page.getByLabel("Module, a .wasm file").setInputFiles(MODULE);
  const door = page.locator("form").filter({ hasText: "Create and upload" });
  assert.equal(await door.getByLabel("Name of the function").inputValue(), "volume-discount-rust");
  await door.getByLabel("Name of the function").fill("volume-discount");
  await door.getByLabel("Make it live when it is ready").uncheck();
  await door.getByRole("button", { name: "Create and upload" }).click();
  await heading("volume-discount");
  await page.getByText("v1 is ready").waitFor();
  await look(page, "uploaded");
});

test("promoting makes it live", async () => {
  await page.getByRole("table", { name: "Versions" }).getByRole("button", { name: "Promote v1" }).click();
  await page.getByText("v1 live", { exact: true }).waitFor();
  await page.getByText("What was live").waitFor();
});

test("a module that cannot run is refused with every finding", async () => {
  guard.tolerateOnce(/422.*versions/);
  const broken = {
    name: "broken.wasm",
    mimeType: "application/wasm",
    buffer: Buffer.from("\0asm, or is it?"),
  };
  await page.getByLabel("Module, a .wasm file").setInputFiles(broken);
  await page.getByText("broken.wasm was refused").waitFor();
  assert.ok((await page.getByRole("alert").getByRole("listitem").count()) >= 1);
  await look(page, "refused");
  await page.getByRole("table", { name: "Versions" }).getByText("refused").waitFor();
});

test("its settings are a form, which says what is wrong before the API has to", async () => {
  await tab("Settings");
  await page.getByLabel("Percent off").fill("101");
  await page.getByRole("button", { name: "Save settings" }).click();
  await page.getByText("This must be 100 or less.").waitFor();
  await look(page, "settings-fault");
  await page.getByLabel("Percent off").fill("20");
  await page.getByLabel("Name of the discount").fill("Launch offer");
  await page.getByRole("button", { name: "Save settings" }).click();
  await page.getByText("Settings 1, saved").waitFor();
  await look(page, "settings");
});

test("a try runs the sample under these settings, for nothing", async () => {
  await tab("Try");
  await page.getByLabel("Input").waitFor();
  await look(page, "try");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("region", { name: "output" }).getByText("Launch offer").waitFor();
  await page.getByText("Price of such a run").waitFor();
  await look(page, "tried");
});

test("a key is shown once", async () => {
  await place("API keys");
  await look(page, "keys-none");
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByLabel("Name").fill("shop backend");
  await look(page, "key-wishes");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  key = (await page.getByRole("region", { name: "API key" }).textContent()).trim();
  assert.match(key, /^cw_live_/);
  await look(page, "key-once");
  await page.getByRole("button", { name: "I have copied it" }).click();
  await page.getByRole("table", { name: "API keys" }).getByText("shop backend").waitFor();
  await page.reload();
  await page.getByRole("table", { name: "API keys" }).getByText("shop backend").waitFor();
  assert.ok(!(await page.content()).includes(key));
  await look(page, "keys");
});

test("the run log can keep everything", async () => {
  await place("Settings");
  await page.getByLabel("Everything").check();
  await page.getByText("The run log keeps: everything", { exact: true }).waitFor();
  await look(page, "tenant");
});

let invocation;
test("the address that the console shows runs the function with the key", async () => {
  await page.goto(`${CONSOLE_URL}/functions/volume-discount/call`);
  const address = `${INVOKE_URL}/v1/invoke/volume-discount`;
  await page.getByRole("region", { name: "curl command" }).getByText(address).waitFor();
  await look(page, "call");
  const answer = await invoke(JSON.stringify(CART));
  assert.equal(answer.status, 200);
  invocation = answer.headers.get("cartwright-invocation-id");
  assert.ok(invocation);
});

test("the run is listed, with what went in and what came out", async () => {
  await place("Runs");
  await page.getByRole("table", { name: "Runs" }).getByText("http").first().waitFor();
  await look(page, "runs");
  await page.getByLabel("Trigger").selectOption("http");
  await page.waitForURL(/trigger=http/);
  await page.locator(`a[href="/runs/${invocation}"]`).click();
  await page.getByRole("region", { name: "output" }).getByText("Launch offer").waitFor();
  await page.getByText(invocation).waitFor();
  await look(page, "run");
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
  assert.equal(await page.locator(`a[href="/runs/${invocation}"]`).count(), 0);
});

test("usage counts the calls, bills them and leaves the try out of the bill", async () => {
  await place("Usage");
  const row = page
    .getByRole("table", { name: "Usage by function" })
    .getByRole("row", { name: "volume-discount" });
  await row.waitFor();
  const [runs, billed] = (await row.getByRole("cell").allInnerTexts()).slice(1).map(Number);
  assert.equal(billed, 2);
  assert.equal(runs, 3);
  await page.getByText("This month's bill, so far").waitFor();
  await page.getByRole("table", { name: "Lines of the estimate" }).waitFor();
  await look(page, "usage");
});

test("the list of functions says what ran", async () => {
  await place("Functions");
  await page.getByRole("link", { name: "volume-discount" }).waitFor();
  await look(page, "functions");
});

test("a chosen theme stays, against the system's", async () => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.getByRole("radio", { name: "Dark" }).click();
  await page.reload();
  await heading("Functions");
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), "dark");
  await page.getByRole("radio", { name: "As the system has it" }).click();
});

test("no token lies where a script could read it", async () => {
  const stored = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
  );
  assert.doesNotMatch(stored, /eyJ|cw_/);
});

test("on a narrow window the pages stay within it", async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ["/functions", "/functions/volume-discount", "/runs", "/usage"]) {
    await page.goto(CONSOLE_URL + path);
    await page.getByRole("table").first().waitFor();
    const over_px = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over_px <= 0, `${path} is ${over_px} px wider than the window`);
  }
  await look(page, "narrow");
  await page.setViewportSize({ width: 1280, height: 800 });
});

test("a revoked key is refused within five seconds", async () => {
  await page.goto(`${CONSOLE_URL}/keys`);
  await page.getByRole("button", { name: "Revoke shop backend" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByText("shop backend is revoked", { exact: true }).waitFor();
  const until = Date.now() + 5_000;
  let answer = await invoke(JSON.stringify(CART));
  while (answer.status === 200 && Date.now() < until) answer = await invoke(JSON.stringify(CART));
  assert.equal(answer.status, 401);
});

test("signing out ends the session, also for a reload", async () => {
  await page.getByRole("button", { name }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await heading("Sign in");
  await page.goto(`${CONSOLE_URL}/usage`);
  await heading("Sign in");
});

test("no page complained, asked a stranger for anything, or broke a rule of accessibility", () => {
  const { complaints, strangers } = guard.noted;
  assert.deepEqual(
    { complaints, strangers, violations: seen.violations },
    { complaints: [], strangers: [], violations: [] },
  );
  assert.ok(seen.rules > 0 && guard.noted.requests > 0, "nothing was looked at");
});

function needed(variable) {
  const value = process.env[variable];
  if (!value)
    throw new Error(`${variable} is not set: run this by \`cargo xtask test\`, or name a stack of yours`);
  return value.replace(/\/$/, "");
}

function invoke(body) {
  return fetch(`${INVOKE_URL}/v1/invoke/volume-discount`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body,
  });
}

const heading = (text) => page.getByRole("heading", { level: 1, name: text }).waitFor();
const place = (text) =>
  page.getByRole("navigation", { name: "Places" }).getByRole("link", { name: text }).click();
const tab = (text) =>
  page
    .getByRole("navigation", { name: "Pages of volume-discount" })
    .getByRole("link", { name: text })
    .click();
const focused = () => page.evaluate(() => document.activeElement?.textContent);
