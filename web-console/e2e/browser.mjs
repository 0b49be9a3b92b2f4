// The system's Chromium, and what is held against every page that it shows.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CARTWRIGHT_CHROMIUM ?? process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const WINDOW = { width: 1280, height: 800 };

/** A browser with a profile of its own, which goes when it is closed. */
export async function openBrowser() {
  const profile = mkdtempSync(join(tmpdir(), "cartwright-console-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: FLAGS,
    viewport: WINDOW,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { context, page: context.pages()[0] ?? (await context.newPage()), close };
}

/** Notes what a page must not do: complain in its console, fail, or ask another site for anything. */
export function watch(page, origin) {
  const noted = { requests: 0, complaints: [], strangers: [], tolerated: [] };
  page.on("request", (request) => {
    noted.requests += 1;
    if (new URL(request.url()).origin !== origin) noted.strangers.push(request.url());
  });
  page.on("pageerror", (error) => noted.complaints.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    const text = `${message.text()} (${message.location().url})`;
    const place = noted.tolerated.findIndex((pattern) => pattern.test(text));
    if (place >= 0) noted.tolerated.splice(place, 1);
    else noted.complaints.push(text);
  });
  return {
    noted,
    /** Chromium reports each answer of 4xx as an error of the page; one that a step provokes is named beforehand. */
    tolerateOnce: (pattern) => noted.tolerated.push(pattern),
  };
}
