// The visit that all steps share: where the stack is, who visits it, the browser, and what came out of a step for later ones.

import { randomBytes } from "node:crypto";
import { openBrowser, watch } from "./browser.mjs";
import { startLooking } from "./looks.mjs";

const SETTLE_MS = 15_000;

export const CONSOLE_URL = needed("CARTWRIGHT_CONSOLE_URL");
export const INVOKE_URL = needed("CARTWRIGHT_INVOKE_URL");
export const PLATFORM_KEY = needed("CARTWRIGHT_PLATFORM_KEY");
export const CART = {
  cart: { currency: "EUR", lines: [{ id: "a", sku: "A", title: "A", quantity: 5, unit_price: "10.00" }] },
};

export const name = `e2e-${randomBytes(4).toString("hex")}`;
export const who = { email: `${name}@example.com`, password: `pass-${randomBytes(12).toString("hex")}` };
/** `key`: the API key that a step made. `invocation`: the run that a step began. `source`, `secret`: where webhooks go, and what signs them. */
export const visit = {};

const browser = await openBrowser();
export const { page } = browser;
export const leave = browser.close;
page.setDefaultTimeout(SETTLE_MS);
export const guard = watch(page, new URL(CONSOLE_URL).origin);
export const { seen, look } = startLooking();

export const heading = (text) => page.getByRole("heading", { level: 1, name: text }).waitFor();
export const place = (text) =>
  page.getByRole("navigation", { name: "Places" }).getByRole("link", { name: text }).click();
export const tab = (text) =>
  page
    .getByRole("navigation", { name: "Pages of volume-discount" })
    .getByRole("link", { name: text })
    .click();
export const focused = () => page.evaluate(() => document.activeElement?.textContent);

export function invoke(body) {
  return fetch(`${INVOKE_URL}/v1/invoke/volume-discount`, {
    method: "POST",
    headers: { Authorization: `Bearer ${visit.key}`, "Content-Type": "application/json" },
    body,
  });
}

function needed(variable) {
  const value = process.env[variable];
  if (!value)
    throw new Error(`${variable} is not set: run this by \`cargo xtask test\`, or name a stack of yours`);
  return value.replace(/\/$/, "");
}
