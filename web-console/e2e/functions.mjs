// A function from its module to a result: upload, promote, refuse, settings, a try, and back.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { CONSOLE_URL, guard, heading, look, page, tab } from "./visit.mjs";

const MODULES = join(import.meta.dirname, "../../functions");
const [RUST, C] = ["volume-discount-rust", "volume-discount-c"].map((name) =>
  join(MODULES, name, `${name}.wasm`),
);

test("a module becomes the first version of a new function", async () => {
  await page.goto(`${CONSOLE_URL}/functions/new`);
  await page.getByLabel("Module, a .wasm file").setInputFiles(RUST);
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
  await page.getByText("Settings 1 are in force", { exact: true }).waitFor();
  await page.getByLabel("Keep results and give them again").click();
  await page.getByText("Results are kept", { exact: true }).waitFor();
  await look(page, "settings");
  await page.getByLabel("Keep results and give them again").click();
  await page.getByText("Results are no longer kept", { exact: true }).waitFor();
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

test("a promotion can be undone at once, and is a move like any other", async () => {
  await page.goto(`${CONSOLE_URL}/functions/volume-discount`);
  await page.getByLabel("Module, a .wasm file").setInputFiles(C);
  await page.getByText("v3 is ready").waitFor();
  const versions = page.getByRole("table", { name: "Versions" });
  await versions.getByRole("button", { name: "Promote v3" }).click();
  await versions.getByRole("button", { name: "Roll back to v1" }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await versions.getByRole("button", { name: "Promote v3" }).waitFor();
  await page.getByText("v3 → v1").waitFor();
  await look(page, "versions");
});
