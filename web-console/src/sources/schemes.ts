// How senders sign, in words. The codes are the API's.

import type { Source } from "./queries";

export type Scheme = Source["scheme"];

export const SCHEMES: Record<Scheme, { label: string; note: string; paste: string }> = {
  standard_webhooks: {
    label: "Standard Webhooks",
    note: "Signed by webhook-id, webhook-timestamp and webhook-signature, as many services do.",
    paste: "Give the address to the sender as its webhook URL, and the secret as its signing secret.",
  },
  shopify: {
    label: "Shopify",
    note: "Types come from the topic: shopify/orders/paid. The secret is your app's client secret.",
    paste: "In Shopify, subscribe your app's webhooks to this address, in the format JSON.",
  },
  github: {
    label: "GitHub",
    note: "Types come from the event: github/push.",
    paste:
      "In the repository, under Settings, Webhooks: paste the address and the secret, and choose application/json.",
  },
  hmac: {
    label: "Another HMAC",
    note: "For senders that sign the body in a way of their own: you say where and how.",
    paste: "Give the address to the sender as its webhook URL, and the secret as its signing secret.",
  },
};
