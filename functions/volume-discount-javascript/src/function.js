// Some percent off every line of which enough pieces are bought. The target is `cart.discount`.

const QUANTITY_MAX = 1_000_000;
const DEFAULTS = { percent: 10, from_quantity: 3, title: "Volume discount" };

/** The input is at fault: the run ends with exit code 1, the settings: with 2. */
class Refusal extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What comes off, line by line, in the cart's order. Each line is rounded for itself, half a minor unit up. */
export default function volumeDiscount(input, given) {
  const settings = checkedSettings(given);
  const { currency, lines } = input?.cart ?? {};
  if (!/^[A-Z]{3}$/.test(currency)) throw new Refusal("cart.currency must be three capital letters, such as EUR");
  if (!Array.isArray(lines)) throw new Refusal("cart.lines must be a list");
  const discounts = [];
  let total = { units: 0n, decimals: lines.length > 0 ? amount(lines[0].unit_price).decimals : 0 };
  for (const line of lines) {
    if (typeof line.id !== "string") throw new Refusal("a line's id must be a text");
    const quantity = whole(line.quantity, QUANTITY_MAX, "a line's quantity");
    const price = amount(line.unit_price);
    if (price.decimals !== total.decimals) throw new Refusal("amounts of one currency have the same number of decimals");
    const units = within(price.units * BigInt(quantity));
    const off = quantity >= settings.from_quantity ? (units * BigInt(settings.percent) + 50n) / 100n : 0n;
    total = { ...total, units: within(total.units + off) };
    if (off > 0n) discounts.push({ line_id: line.id, amount: written({ ...price, units: off }) });
  }
  return { title: settings.title, currency, discounts, total: written(total) };
}

function checkedSettings(given = {}) {
  if (typeof given !== "object" || given === null) throw new Refusal("the settings must be an object", 2);
  for (const name of Object.keys(given)) {
    if (!(name in DEFAULTS)) throw new Refusal(`the settings are ${Object.keys(DEFAULTS).join(", ")}; there is ${name}`, 2);
  }
  const settings = { ...DEFAULTS, ...given };
  whole(settings.percent, 100, "percent", 2);
  whole(settings.from_quantity, QUANTITY_MAX, "from_quantity", 2);
  if (typeof settings.title !== "string") throw new Refusal("title must be a text", 2);
  return settings;
}

function whole(number, most, what, exitCode = 1) {
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new Refusal(`${what} must be a whole number from 1 to ${most}`, exitCode);
}

// Money, exactly: whole minor units as a BigInt, and the number of decimals they are written with. No floating point.

const UNITS_MAX = 10n ** 15n - 1n;

/** `"84.50"` is 8450 minor units with 2 decimals. */
function amount(text) {
  const parts = typeof text === "string" && /^(0|[1-9]\d*)(?:\.(\d{1,4}))?$/.exec(text);
  if (!parts) throw new Refusal(`an amount is a text such as "84.50", of at most 15 digits, 4 of them after the point`);
  const [, before, after = ""] = parts;
  return { units: within(BigInt(before + after)), decimals: after.length };
}

function within(units) {
  if (units > UNITS_MAX) throw new Refusal("an amount would have more than 15 digits");
  return units;
}

function written({ units, decimals }) {
  const digits = units.toString().padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  return decimals > 0 ? `${digits.slice(0, point)}.${digits.slice(point)}` : digits;
}
