// Reads JSON (RFC 8259) front to back, by pulling: the caller says what must come next, and anything else ends the
// function with a message that names the byte. Knows no carts. Never recurses, so no input can overflow the stack.
import { ExitCode, fail } from "./failure";
import { hexDigit, unescape, unescaped } from "./json_escapes";
import { Text } from "./text";

const END_OF_JSON = -1;

@inline
function isDigit(byte: i32): bool {
  return byte >= 0x30 && byte <= 0x39;
}

@final
export class JsonReader {
  private position: i32 = 0;
  // An object or array was just entered, so no comma comes first.
  private fresh: bool = false;
  // The member's name. One for all members, since nothing is freed: a text of its own for each would add up.
  private name: Text = new Text(0, 0);
  // What is open around a value being passed over, innermost last: for each level the byte that closes it.
  private closing: i32[] = [];

  // `code` is the exit code with which to end when the text is not as it must be.
  constructor(private readonly json: Text, private readonly code: ExitCode) {}

  // An object is `enterObject`, then members until `nextMember` answers false. An array is alike.
  // After a member's name its value must be taken, by `string`, `whole` or `skip`, or by entering it.
  enterObject(): void {
    if (!this.take(0x7b)) this.refuse("expected an object");
    this.fresh = true;
  }

  nextMember(): bool {
    if (!this.next(0x7d)) return false;
    this.readString(this.name);
    this.takeColon();
    return true;
  }

  // Whether the member has this name, of ASCII characters.
  nameIs(ascii: string): bool {
    return this.name.is(ascii);
  }

  memberName(): string {
    return this.name.toString();
  }

  enterArray(): void {
    if (!this.take(0x5b)) this.refuse("expected an array");
    this.fresh = true;
  }

  nextElement(): bool {
    return this.next(0x5d);
  }

  // A string, its escapes undone. It points into the JSON where it can, else into memory of its own.
  string(): Text {
    const text = new Text(0, 0);
    this.readString(text);
    return text;
  }

  // A number in digits only, within the bounds; else `refusal` says what it must be.
  whole(least: u64, most: u64, refusal: string): u64 {
    this.skipSpace();
    const first = this.position;
    let number: u64 = 0;
    for (let byte = this.peek(); isDigit(byte); byte = this.peek()) {
      // Past `most` only the digits are counted: the number is refused below, and must not wrap around before.
      if (number <= most) number = number * 10 + <u64>(byte - 0x30);
      this.position++;
    }
    const digits = this.position - first;
    const leadingZero = digits > 1 && this.json.byteAt(first) == 0x30;
    const after = this.peek();
    const fraction = after == 0x2e || (after | 0x20) == 0x65;
    if (digits == 0 || leadingZero || fraction || number < least || number > most) {
      this.position = first;
      this.refuse(refusal);
    }
    return number;
  }

  // Any value, checked for its form and passed over.
  skip(): void {
    const closing = this.closing; // empty, before and after
    do {
      // A value stands here: enter it, or pass over it whole.
      if (this.take(0x7b)) {
        closing.push(0x7d);
        this.fresh = true;
      } else if (this.take(0x5b)) {
        closing.push(0x5d);
        this.fresh = true;
      } else {
        this.skipScalar();
        this.fresh = false;
      }
      // Close all that ends here; stop where the next value stands.
      while (closing.length > 0 && !this.next(closing[closing.length - 1])) closing.pop();
      if (closing.length > 0 && closing[closing.length - 1] == 0x7d) {
        this.skipSpace();
        this.skipString();
        this.takeColon();
      }
    } while (closing.length > 0);
    this.fresh = false;
  }

  // Any value, checked for its form and taken as it stands in the JSON.
  takeJson(into: Text): void {
    this.skipSpace();
    const first = this.position;
    this.skip();
    into.start = this.json.start + <usize>first;
    into.length = this.position - first;
  }

  // Whether `null` is the value here, which is taken then.
  takeNull(): bool {
    this.skipSpace();
    if (this.peek() != 0x6e) return false;
    this.skipWord("null");
    return true;
  }

  // Nothing but white space may be left.
  end(): void {
    this.skipSpace();
    if (this.peek() != END_OF_JSON) this.refuse("expected nothing more");
  }

  // End the function with this message and where the reader stands. Does not come back.
  refuse(message: string): void {
    fail(this.code, message + " at byte " + this.position.toString());
  }

  // The same for a value that was taken by `takeJson`: the message names its first byte.
  refuseJson(value: Text, message: string): void {
    this.position = <i32>(value.start - this.json.start);
    this.refuse(message);
  }

  // The byte at the reader's position. The only look at a byte that may lie behind the end.
  @inline
  private peek(): i32 {
    return this.position < this.json.length ? this.json.byteAt(this.position) : END_OF_JSON;
  }

  private skipSpace(): void {
    for (let byte = this.peek(); byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09; byte = this.peek()) {
      this.position++;
    }
  }

  private take(expected: i32): bool {
    this.skipSpace();
    if (this.peek() != expected) return false;
    this.position++;
    return true;
  }

  private next(end: i32): bool {
    const first = this.fresh;
    this.fresh = false;
    if (this.take(end)) return false;
    if (!first && !this.take(0x2c)) this.refuse("expected a comma, or the end of the object or array");
    return true;
  }

  private takeColon(): void {
    if (!this.take(0x3a)) this.refuse("expected a colon");
  }

  private skipScalar(): void {
    const byte = this.peek();
    if (byte == 0x22) {
      this.skipString();
    } else if (byte == 0x74) {
      this.skipWord("true");
    } else if (byte == 0x66) {
      this.skipWord("false");
    } else if (byte == 0x6e) {
      this.skipWord("null");
    } else if (byte == 0x2d || isDigit(byte)) {
      this.skipNumber();
    } else {
      this.refuse("expected a value");
    }
  }

  private skipWord(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.peek() != word.charCodeAt(i)) this.refuse("expected a value");
      this.position++;
    }
  }

  private skipNumber(): void {
    if (this.peek() == 0x2d) this.position++;
    if (this.peek() == 0x30) {
      this.position++; // No digit may follow; one that does is no comma and no end, and is refused as such.
    } else {
      this.skipDigits();
    }
    if (this.peek() == 0x2e) {
      this.position++;
      this.skipDigits();
    }
    if (this.peek() == 0x65 || this.peek() == 0x45) {
      this.position++;
      if (this.peek() == 0x2b || this.peek() == 0x2d) this.position++;
      this.skipDigits();
    }
  }

  private skipDigits(): void {
    if (!isDigit(this.peek())) this.refuse("expected a digit");
    while (isDigit(this.peek())) this.position++;
  }

  private readString(into: Text): void {
    this.skipSpace();
    const first = this.position + 1;
    const escapes = this.skipString();
    into.start = this.json.start + <usize>first;
    into.length = this.position - 1 - first;
    if (escapes && !unescape(into)) this.refuse("half of a surrogate pair is no character");
  }

  // A string, checked for its form; answers whether there are escapes in it.
  private skipString(): bool {
    if (this.peek() != 0x22) this.refuse("expected a string");
    this.position++;
    let escapes = false;
    while (true) {
      this.skipPlain();
      const byte = this.peek();
      if (byte == 0x22) {
        this.position++;
        return escapes;
      }
      if (byte == 0x5c) {
        this.skipEscape();
        escapes = true;
      } else if (byte >= 0x80) {
        this.skipWide();
      } else {
        this.refuse(byte == END_OF_JSON ? "the string does not end" : "a control character must be escaped");
      }
    }
  }

  // Most of most strings: what needs no second look. Half of the reader's time goes by in here.
  private skipPlain(): void {
    const json = this.json;
    let at = this.position;
    while (at < json.length) {
      const byte = load<u8>(json.start + <usize>at);
      if (byte < 0x20 || byte >= 0x80 || byte == 0x22 || byte == 0x5c) break;
      at++;
    }
    this.position = at;
  }

  private skipEscape(): void {
    this.position++;
    const letter = this.peek();
    if (letter != 0x75 && unescaped(letter) == 0) this.refuse("no such escape");
    this.position++;
    if (letter != 0x75) return;
    for (let i = 0; i < 4; i++) {
      if (hexDigit(this.peek()) < 0) this.refuse("expected four hexadecimal digits");
      this.position++;
    }
  }

  // A character of two to four bytes: neither overlong, nor a surrogate, nor past U+10FFFF (Unicode, table 3-7).
  private skipWide(): void {
    const lead = this.peek();
    if (lead < 0xc2 || lead > 0xf4) this.refuse("not UTF-8");
    let low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    let high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    this.position++;
    for (let more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1; more > 0; more--) {
      const byte = this.peek();
      if (byte < low || byte > high) this.refuse("not UTF-8");
      this.position++;
      low = 0x80;
      high = 0xbf;
    }
  }
}
