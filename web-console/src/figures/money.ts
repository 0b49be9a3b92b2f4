// Amounts of money stay the decimal text that the API wrote: no float, no rounding here.

const SIGNS: Record<string, string> = { USD: "$", EUR: "€", GBP: "£" };

/** `1234.5` and `USD` as `$1,234.50`; more decimals than two stay as they are. */
export function formatMoney(amount: string, currency: string): string {
  const negative = amount.startsWith("-");
  const [whole = "0", decimals = ""] = amount.replace("-", "").split(".");
  const text = `${BigInt(whole).toLocaleString("en-US")}.${decimals.padEnd(2, "0")}`;
  const sign = SIGNS[currency];
  return `${negative ? "−" : ""}${sign ? sign + text : `${text} ${currency}`}`;
}

/** A cost as the API writes it, `0.0000012 USD`. */
export function formatCost(cost: string): string {
  const [amount = "0", currency = "USD"] = cost.split(" ");
  return formatMoney(amount, currency);
}
