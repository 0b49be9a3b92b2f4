// What the platform does beside the console: with its key, for the tenant of the walk.

import assert from "node:assert/strict";
import { CONSOLE_URL, name, PLATFORM_KEY } from "./visit.mjs";

/** Posts to the API, and answers what it says if its status is this. */
export async function post(path, body, status) {
  const answer = await fetch(CONSOLE_URL + path, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${PLATFORM_KEY}`,
      "Cartwright-Tenant": name,
      "Content-Type": "application/json",
    },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, status, await answer.clone().text());
  return answer.json();
}

/** Sends an event. */
export const send = (event) => post("/v1/events", event, 202);
