// The part of the platform's input that matters here. Members that are not named are passed over.
import { Amount } from "./amount";
import { ExitCode } from "./failure";
import { JsonReader } from "./json_reader";
import { QUANTITY_MAX } from "./settings";
import { Text } from "./text";

@final
export class Line {
  constructor(readonly id: Text, readonly quantity: u64, readonly unitPrice: Amount) {}
}

@final
export class Cart {
  constructor(readonly currency: Text, readonly lines: Line[]) {}

  // The cart in `{"cart":{…}}`.
  static read(json: Text): Cart {
    const reader = new JsonReader(json, ExitCode.Input);
    let cart: Cart | null = null;
    reader.enterObject();
    while (reader.nextMember()) {
      if (reader.nameIs("cart")) {
        if (cart != null) reader.refuse("there are two carts");
        cart = readCart(reader);
      } else {
        reader.skip();
      }
    }
    if (cart == null) reader.refuse("there is no cart,");
    reader.end();
    return cart!;
  }
}

function readCart(reader: JsonReader): Cart {
  let currency: Text | null = null;
  let lines: Line[] | null = null;
  reader.enterObject();
  while (reader.nextMember()) {
    if (reader.nameIs("currency")) {
      if (currency != null) reader.refuse("the cart has two currencies");
      currency = readCurrency(reader);
    } else if (reader.nameIs("lines")) {
      if (lines != null) reader.refuse("the cart has its lines twice");
      lines = readLines(reader);
    } else {
      reader.skip();
    }
  }
  if (currency == null) reader.refuse("the cart has no currency,");
  if (lines == null) reader.refuse("the cart has no lines,");
  return new Cart(currency!, lines!);
}

function readLines(reader: JsonReader): Line[] {
  const lines: Line[] = [];
  reader.enterArray();
  while (reader.nextElement()) lines.push(readLine(reader));
  return lines;
}

function readLine(reader: JsonReader): Line {
  let id: Text | null = null;
  let quantity: u64 = 0; // which no line has
  let unitPrice: Amount | null = null;
  reader.enterObject();
  while (reader.nextMember()) {
    if (reader.nameIs("id")) {
      if (id != null) reader.refuse("a line has two ids");
      id = reader.string();
    } else if (reader.nameIs("quantity")) {
      if (quantity != 0) reader.refuse("a line has two quantities");
      quantity = reader.whole(1, QUANTITY_MAX, "quantity must be a whole number from 1 to 1000000,");
    } else if (reader.nameIs("unit_price")) {
      if (unitPrice != null) reader.refuse("a line has two unit_prices");
      unitPrice = readAmount(reader);
    } else {
      reader.skip();
    }
  }
  if (id == null) reader.refuse("a line has no id,");
  if (quantity == 0) reader.refuse("a line has no quantity,");
  if (unitPrice == null) reader.refuse("a line has no unit_price,");
  return new Line(id!, quantity, unitPrice!);
}

function readAmount(reader: JsonReader): Amount {
  const amount = Amount.parse(reader.string());
  if (amount == null) {
    reader.refuse('expected an amount such as "84.50", of at most 15 digits, 4 of them after the point,');
  }
  return amount!;
}

function readCurrency(reader: JsonReader): Text {
  const currency = reader.string();
  let code = currency.length == 3;
  for (let i = 0; code && i < 3; i++) code = currency.byteAt(i) >= 0x41 && currency.byteAt(i) <= 0x5a;
  if (!code) reader.refuse('expected a currency of three capital letters, such as "EUR",');
  return currency;
}
