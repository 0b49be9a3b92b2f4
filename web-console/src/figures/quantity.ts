// Quantities of an estimate, which the API states in the unit of the price, such as `0.000002` of `1,000,000 invocations`.

const POWER_OF_TEN = /^1((?:,?0)*) (.+)$/;

/** The same quantity counted one by one, `2 invocations`; `null` where the unit is not a power of ten of something. */
export function countedQuantity(quantity: string, unit: string): string | null {
  const [, zeros, thing] = POWER_OF_TEN.exec(unit) ?? [];
  if (zeros === undefined || !/^\d+(\.\d+)?$/.test(quantity)) return null;
  const places = zeros.replaceAll(",", "").length;
  const [whole = "0", decimals = ""] = quantity.split(".");
  const moved = whole + decimals.slice(0, places).padEnd(places, "0");
  const rest = decimals.slice(places).replace(/0+$/, "");
  return `${BigInt(moved).toLocaleString("en-US")}${rest ? `.${rest}` : ""} ${thing}`;
}
