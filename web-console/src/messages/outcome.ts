// What an attempt to send a message came to, in words. The codes are the API's.

const OUTCOMES: Record<string, string> = {
  delivered: "delivered",
  http_status: "refused by its status",
  timed_out: "no answer in time",
  connection_failed: "no connection",
  tls_failed: "TLS failed",
  name_not_found: "name not found",
  address_refused: "address refused",
  answer_unreadable: "answer unreadable",
};

/** A code in words; whatever else the API says stays as it says it. */
export function outcomeInWords(outcome: string): string {
  return OUTCOMES[outcome] ?? outcome;
}
