// Looks at a page in light and dark: a picture of each for people, and the accessibility rules of axe for each.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";

const PICTURES = join(import.meta.dirname, "screenshots");

export function startLooking() {
  rmSync(PICTURES, { recursive: true, force: true });
  mkdirSync(PICTURES, { recursive: true });
  const seen = { pictures: 0, rules: 0, violations: [] };
  return { seen, look: (page, name) => look(page, name, seen) };
}

async function look(page, name, seen) {
  await page.evaluate(() => globalThis.scrollTo(0, 0));
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}.png`), fullPage: true });
    seen.pictures += 1;
    // Evaluated from outside, so that the page's own policy, which forbids it such scripts, stays in force.
    await page.evaluate(axe.source);
    const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
    seen.rules += passes.length + violations.length;
    for (const { id, help, nodes } of violations) {
      const places = nodes.map((node) => `${node.target.join(" ")}: ${node.failureSummary}`).join("; ");
      seen.violations.push(`${name}, ${colorScheme}: ${id}: ${help}: ${places}`);
    }
  }
}
