// Rules to begin with, and what a form calls the parts of a rule. Any other rule can be written; the API reads it.

/** Where the parts of a rule stand in a request, and what their fields are called. */
export const FIELDS = { "/cron": "Rule", "/timezone": "By the clock of" };
export type Place = keyof typeof FIELDS;

export const RULES: { cron: string; label: string }[] = [
  { cron: "*/15 * * * *", label: "Every 15 minutes" },
  { cron: "0 * * * *", label: "Every hour" },
  { cron: "30 2 * * *", label: "Every day at 02:30" },
  { cron: "0 9 * * MON-FRI", label: "On weekdays at 09:00" },
  { cron: "0 6 * * MON", label: "Every Monday at 06:00" },
  { cron: "0 0 1 * *", label: "On the first of the month" },
];

/** The rule in words where it is one of ours. */
export function ruleInWords(cron: string): string | undefined {
  return RULES.find((rule) => rule.cron === cron)?.label;
}

/** What becomes of firings that nobody was there for. The codes are the API's. */
export const MISSED = {
  once: "Make up for the last one",
  all: "Make up for each, 100 at most",
  skip: "Leave them out",
};
