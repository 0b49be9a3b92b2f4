// What else there is: templates, deleting, themes, narrow windows, and the way out.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CART, CONSOLE_URL, heading, invoke, look, name, page, place } from "./visit.mjs";

test("a template is live in one step, and its settings have a list", async () => {
  await page.goto(`${CONSOLE_URL}/functions/new`);
  await page.getByLabel("Shipping rule").check();
  await page.getByRole("button", { name: "Create from template" }).click();
  await heading("shipping-rule");
  await page.getByText("v1 is live").waitFor();
  await page.getByRole("link", { name: "Change its settings" }).click();
  await page
    .getByRole("group", { name: "Rates that become free" })
    .getByRole("button", { name: "Add" })
    .click();
  await page.getByRole("textbox", { name: "Rates that become free, 2" }).fill("express");
  await page.getByRole("button", { name: "Save settings" }).click();
  await page.getByText("Settings 1 are in force", { exact: true }).waitFor();
  await look(page, "settings-list");
});

test("a function's target says what goes in and what must come out", async () => {
  await page.getByRole("link", { name: "shipping.rates" }).click();
  await heading("shipping.rates");
  await page.getByRole("region", { name: "Output schema" }).getByText("AdjustedRate").waitFor();
  await page.getByText("None of yours runs here").waitFor();
  await look(page, "target");
  await page.getByRole("button", { name: "Change…" }).click();
  await page.getByRole("button", { name: "Add shipping-rule" }).click();
  await page.getByLabel("When shipping-rule fails").selectOption("fail");
  await look(page, "target-bindings");
  await page.getByRole("button", { name: "Save the list" }).click();
  const bound = page.getByRole("table", { name: "Functions that run here" });
  await bound.getByText("the call fails").waitFor();
  await page.getByRole("button", { name: "Change…" }).click();
  await page.getByRole("button", { name: "Take shipping-rule out" }).click();
  await page.getByRole("button", { name: "Save the list" }).click();
  await page.getByText("None of yours runs here").waitFor();
  await place("Targets");
  await heading("Targets");
  await page.getByRole("table", { name: "Targets" }).getByRole("link", { name: "cart.discount" }).waitFor();
  await look(page, "targets");
  await page.goto(`${CONSOLE_URL}/functions/shipping-rule`);
});

test("deleting a function wants its name", async () => {
  await page.getByRole("button", { name: "More for shipping-rule" }).click();
  await page.getByRole("menuitem", { name: "Delete…" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete shipping-rule?" });
  assert.ok(await dialog.getByRole("button", { name: "Delete" }).isDisabled());
  await dialog.getByRole("textbox").fill("shipping-rule");
  await look(page, "delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await heading("Functions");
  await page.getByText("shipping-rule is deleted", { exact: true }).waitFor();
  await page
    .getByRole("table", { name: "Functions" })
    .getByRole("link", { name: "volume-discount" })
    .waitFor();
  assert.equal(await page.getByRole("link", { name: "shipping-rule" }).count(), 0);
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
  const tables = {
    "/functions": ["Functions"],
    "/functions/volume-discount": ["Versions of volume-discount"],
    "/functions/volume-discount/triggers": ["Subscriptions", "Schedules"],
    "/events": ["Events, newest first"],
    "/deliveries": ["Deliveries, newest first"],
    "/deliveries/failed": ["Failed deliveries by function and cause", "Replays of deliveries"],
    "/schedules": ["Schedules"],
    "/sources": ["Sources"],
    "/endpoints": ["Endpoints"],
    "/runs": ["Runs, newest first"],
    "/usage": ["Lines of the estimate", "Usage by function, the busiest first"],
  };
  for (const [path, names] of Object.entries(tables)) {
    await page.goto(CONSOLE_URL + path);
    // What is not there yet scrolls nowhere.
    for (const name of names) await page.getByRole("table", { name, exact: true }).waitFor();
    const over_px = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    const places = page.getByRole("navigation", { name: "Places" });
    const { x, width } = await places.locator("[aria-current=page]").boundingBox();
    assert.ok(x >= 0 && x + width <= 390, `the place of ${path} is out of sight`);
    assert.ok(over_px <= 0, `${path} is ${over_px} px wider than the window`);
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll("table.stacked")]
        .filter((table) => table.parentElement.scrollWidth > table.parentElement.clientWidth)
        .map((table) => table.caption?.textContent),
    );
    assert.deepEqual(cut, [], `of ${path} these scroll sideways`);
    if (path !== "/usage") await look(page, `narrow${path.replaceAll("/", "-")}`);
  }
  await page.goto(`${CONSOLE_URL}/deliveries?status=dead`);
  const rows = page.getByRole("table", { name: "Deliveries, newest first" }).getByRole("row");
  const heads = rows.first().getByRole("columnheader");
  await rows.nth(1).waitFor();
  assert.deepEqual(await heads.allTextContents(), ["Queued", "Status", "Event", "Function", "Ended"]);
  assert.equal(await rows.nth(1).getByRole("cell").count(), await heads.count());
  const head = await rows
    .nth(1)
    .getByRole("cell")
    .nth(1)
    .evaluate((cell) => getComputedStyle(cell, "::before").content);
  assert.equal(head, '"Status"');
  await look(page, "narrow");
  await rows.nth(1).locator('a[href^="/deliveries/"]').click();
  await page.getByRole("table", { name: "Attempts" }).waitFor();
  await look(page, "narrow-delivery");
  await place("Schedules");
  await page.getByRole("button", { name: /^Change / }).click();
  await page.getByRole("dialog").getByRole("listitem").nth(4).waitFor();
  await look(page, "narrow-schedule");
  await page.keyboard.press("Escape");
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
