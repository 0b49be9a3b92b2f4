// What an endpoint may be told of, in words. The codes are the API's.

import type { Notice } from "./queries";

export const NOTICES: Record<Notice, string> = {
  "delivery.dead": "Deliveries that died",
  "subscription.paused": "A subscription that was paused for failing",
  "schedule.paused": "A schedule that was paused, since its function is gone",
  "endpoint.disabled": "Another endpoint that was disabled",
};
