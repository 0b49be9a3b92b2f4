// JSON as it grows, without spaces: equal answers are equal bytes.
import { Text } from "./text";

@final
export class JsonWriter {
  private buffer: ArrayBuffer = new ArrayBuffer(1024);
  private length: i32 = 0;

  // JSON as it stands, of ASCII characters.
  raw(json: string): void {
    this.reserve(json.length);
    for (let i = 0; i < json.length; i++) this.push(json.charCodeAt(i));
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
