// A sender of webhooks, which signs as Standard Webhooks wants it.

import { createHmac } from "node:crypto";
import { visit } from "./visit.mjs";

/** Sends a signed webhook to the source, as its sender would. */
export function webhook(id, body) {
  const text = JSON.stringify(body);
  const at = Math.floor(Date.now() / 1000);
  const key = Buffer.from(visit.secret.slice("whsec_".length), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${at}.${text}`).digest("base64");
  return fetch(visit.source, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(at),
      "webhook-signature": `v1,${signature}`,
    },
    body: text,
  });
}
