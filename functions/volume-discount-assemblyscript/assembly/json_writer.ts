// JSON as it grows, without spaces: equal answers are equal bytes.
import { ExitCode, fail } from "./failure";
import { Text } from "./text";

// Up to here every whole number is a double of its own.
const EXACT_MAX: f64 = 9_007_199_254_740_992;

@final
export class JsonWriter {
  private buffer: ArrayBuffer = new ArrayBuffer(1024);
  private length: i32 = 0;

  // JSON as it stands, of ASCII characters.
  raw(json: string): void {
    this.reserve(json.length);
    for (let i = 0; i < json.length; i++) this.push(json.charCodeAt(i));
  }

  // The name of a member, quoted and with its colon: JSON of ASCII characters. A comma comes before all but the first.
  member(name: string): void {
    this.comma(0x7b);
    this.raw(name);
  }

  // The name of a member, of any characters.
  key(name: string): void {
    this.comma(0x7b);
    this.string(Text.of(name));
    this.raw(":");
  }

  // To be said before each element of an array.
  element(): void {
    this.comma(0x5b);
  }

  // JSON as it stands, of any characters.
  json(json: Text): void {
    this.reserve(json.length);
    for (let i = 0; i < json.length; i++) this.push(json.byteAt(i));
  }

  boolean(value: bool): void {
    this.raw(value ? "true" : "false");
  }

  integer(value: i64): void {
    this.raw(value.toString());
  }

  // The shortest number that is read as this double. What JSON has no number for ends the function.
  number(value: f64): void {
    if (!isFinite(value)) fail(ExitCode.Output, "NaN and Infinity are no numbers in JSON");
    if (abs(value) <= EXACT_MAX && value == trunc(value)) {
      this.integer(<i64>value);
      return;
    }
    const text = value.toString();
    this.raw(text.endsWith(".0") ? text.slice(0, -2) : text);
  }

  // A string, quoted and escaped.
  string(text: Text): void {
    // At worst each byte becomes \u00XX.
    this.reserve(text.length * 6 + 2);
    this.push(0x22);
    for (let i = 0; i < text.length; i++) {
      const byte = text.byteAt(i);
      if (byte < 0x20 || byte == 0x22 || byte == 0x5c) {
        this.escaped(byte);
      } else {
        this.push(byte);
      }
    }
    this.push(0x22);
  }

  // An amount, quoted: its minor units with the point where it belongs.
  amount(minorUnits: u64, decimals: i32): void {
    // 15 digits and a point at most, here from the last to the first.
    const reversed = memory.data(16);
    let length = 0;
    for (let digits = 0; minorUnits > 0 || digits <= decimals; digits++) {
      if (digits == decimals && digits > 0) {
        store<u8>(reversed + <usize>length, 0x2e);
        length++;
      }
      store<u8>(reversed + <usize>length, <u8>(0x30 + <i32>(minorUnits % 10)));
      length++;
      minorUnits /= 10;
    }
    this.reserve(length + 2);
    this.push(0x22);
    while (length > 0) this.push(load<u8>(reversed + <usize>--length));
    this.push(0x22);
  }

  text(): Text {
    return new Text(changetype<usize>(this.buffer), this.length);
  }

  // Nothing but a bracket that was just opened ends in one: strings end in quotes.
  private comma(open: i32): void {
    this.reserve(1);
    if (load<u8>(changetype<usize>(this.buffer) + <usize>(this.length - 1)) != open) this.push(0x2c);
  }

  // A byte that may not stand in a string as it is, in the shortest escape there is.
  private escaped(byte: i32): void {
    this.push(0x5c);
    switch (byte) {
      case 0x08: this.push(0x62); break; // \b
      case 0x09: this.push(0x74); break; // \t
      case 0x0a: this.push(0x6e); break; // \n
      case 0x0c: this.push(0x66); break; // \f
      case 0x0d: this.push(0x72); break; // \r
      case 0x22:
      case 0x5c: this.push(byte); break;
      default: {
        const low = byte & 15;
        this.push(0x75); // \u00XX
        this.push(0x30);
        this.push(0x30);
        this.push(0x30 + (byte >> 4));
        this.push(low < 10 ? 0x30 + low : 0x57 + low);
      }
    }
  }

  // Room was made for it by the caller.
  private push(byte: i32): void {
    store<u8>(changetype<usize>(this.buffer) + <usize>this.length, <u8>byte);
    this.length++;
  }

  private reserve(more: i32): void {
    let room = this.buffer.byteLength;
    if (room - this.length >= more) return;
    while (room - this.length < more) room *= 2;
    const larger = new ArrayBuffer(room);
    memory.copy(changetype<usize>(larger), changetype<usize>(this.buffer), <usize>this.length);
    this.buffer = larger;
  }
}
