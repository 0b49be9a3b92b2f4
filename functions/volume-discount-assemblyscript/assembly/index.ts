// Some percent off every line of which enough pieces are bought. The target is `cart.discount`.
import { MINOR_UNITS_MAX } from "./amount";
import { Cart, Line } from "./cart";
import { ExitCode, fail } from "./failure";
import { JsonWriter } from "./json_writer";
import { Settings } from "./settings";
import { readInput, readSettings, writeAnswer } from "./streams";

// What comes off one line, in minor units. Each line is rounded for itself, half a minor unit up, so the total is the
// sum of what the buyer sees.
function discount(line: Line, decimals: i32, settings: Settings): u64 {
  const price = line.unitPrice;
  // Division, since the product of the two could wrap around.
  if (price.minorUnits > MINOR_UNITS_MAX / line.quantity) {
    fail(ExitCode.Input, "an amount would have more than 15 digits");
  }
  if (price.decimals != decimals) {
    fail(ExitCode.Input, "amounts of one currency have the same number of decimals");
  }
  if (line.quantity < settings.fromQuantity) return 0;
  return (price.minorUnits * line.quantity * settings.percent + 50) / 100;
}

function writeDiscounts(writer: JsonWriter, cart: Cart, settings: Settings): void {
  const decimals = cart.lines.length > 0 ? cart.lines[0].unitPrice.decimals : 0;
  let total: u64 = 0;
  let before = "";
  for (let i = 0; i < cart.lines.length; i++) {
    const amount = discount(cart.lines[i], decimals, settings);
    total += amount;
    if (total > MINOR_UNITS_MAX) fail(ExitCode.Input, "an amount would have more than 15 digits");
    if (amount > 0) {
      writer.raw(before);
      writer.raw('{"line_id":');
      writer.string(cart.lines[i].id);
      writer.raw(',"amount":');
      writer.amount(amount, decimals);
      writer.raw("}");
      before = ",";
    }
  }
  writer.raw('],"total":');
  writer.amount(total, decimals);
}

const settings = Settings.read(readSettings());
const cart = Cart.read(readInput());

const writer = new JsonWriter();
writer.raw('{"title":');
writer.string(settings.title);
writer.raw(',"currency":');
writer.string(cart.currency);
writer.raw(',"discounts":[');
writeDiscounts(writer, cart, settings);
writer.raw("}");
writeAnswer(writer.text());
