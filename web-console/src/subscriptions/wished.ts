// What a form says of a subscription. What is left empty is nothing; what is as it was is not sent.

import type { RetryPolicy, Subscription, SubscriptionChange } from "./queries";

export interface Wished {
  event_type: string;
  source: string;
  filter: string;
  transform: string;
  order_by: string;
  output_endpoint_id: string;
  max_attempts: string;
}

export function wishedOf(subscription: Subscription | undefined): Wished {
  return {
    event_type: subscription?.event_type ?? "",
    source: subscription?.source ?? "",
    filter: subscription?.filter ?? "",
    transform: subscription?.transform ?? "",
    order_by: subscription?.order_by ?? "",
    output_endpoint_id: subscription?.output_endpoint_id ?? "",
    max_attempts: String(subscription?.retry.max_attempts ?? ""),
  };
}

const TEXTS = ["source", "filter", "transform", "order_by", "output_endpoint_id"] as const;

/** What to send: all of a new one, and of one that is there what differs. */
export function changesOf(wished: Wished, before: Subscription | undefined) {
  const was = wishedOf(before);
  const change: SubscriptionChange = {};
  for (const name of TEXTS) {
    if (wished[name] !== was[name]) change[name] = wished[name].trim() || null;
  }
  if (wished.event_type !== was.event_type) change.event_type = wished.event_type.trim();
  if (wished.max_attempts !== was.max_attempts) {
    const max_attempts = Number(wished.max_attempts);
    // What a policy leaves out is as the API has it.
    change.retry = { ...before?.retry, ...(max_attempts > 0 && { max_attempts }) } as RetryPolicy;
  }
  return change;
}
