// One person's first hour with the console, on a real stack: from sign-up to the bill. Each step begins where the one before ended.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import "./session.mjs";
import "./functions.mjs";
import "./runs.mjs";
import "./triggers.mjs";
import "./events.mjs";
import "./endpoints.mjs";
import "./more.mjs";
import "./fleet.mjs";
import "./operator-targets.mjs";
import "./operator-quotas.mjs";
import { guard, leave, seen } from "./visit.mjs";

after(async () => {
  await leave();
  const { requests, complaints, strangers } = guard.noted;
  process.stdout.write(
    `console: ${seen.pictures} pictures, ${seen.rules} accessibility rules held, ${seen.violations.length} broken; ` +
      `${requests} requests, ${strangers.length} to others; ${complaints.length} complaints\n`,
  );
});

test("no page complained, asked a stranger for anything, or broke a rule of accessibility", () => {
  const { complaints, strangers } = guard.noted;
  assert.deepEqual(
    { complaints, strangers, violations: seen.violations },
    { complaints: [], strangers: [], violations: [] },
  );
  assert.ok(seen.rules > 0 && guard.noted.requests > 0, "nothing was looked at");
});
