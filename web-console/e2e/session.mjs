// Coming in: the door, and the first page behind it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CONSOLE_URL, focused, guard, heading, look, name, page, who } from "./visit.mjs";

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
