// Values of JSON as AssemblyScript has them. The classes that `cartwright bindings` makes read by these.
import { JsonReader } from "./json_reader";
import { Text } from "./text";

// A number or a boolean that may be absent: AssemblyScript's own cannot be null.
@final
export class Box<T> {
  constructor(public value: T) {}
}

// The value that is being read. One for all values, since nothing is freed.
const taken = new Text(0, 0);

// Powers of ten up to this one, and whole numbers up to that one, are doubles without rounding.
const EXACT_EXPONENT_MAX = 22;
const EXACT_MAX: u64 = 9_007_199_254_740_992;
// As many digits as always fit 64 bits.
const DIGITS_MAX = 19;
// Any larger one is infinity or zero already.
const EXPONENT_MAX = 1_000_000;

// Any JSON, as its text.
export function readJson(reader: JsonReader): Text {
  const json = new Text(0, 0);
  reader.takeJson(json);
  return json;
}

export function readBoolean(reader: JsonReader): bool {
  reader.takeJson(taken);
  const value = taken.is("true");
  if (!value && !taken.is("false")) reader.refuseJson(taken, "expected true or false");
  return value;
}

export function readInteger(reader: JsonReader): i64 {
  reader.takeJson(taken);
  const negative = taken.byteAt(0) == 0x2d;
  const most: u64 = negative ? 1 << 63 : (1 << 63) - 1;
  let value: u64 = 0;
  for (let i = negative ? 1 : 0; i < taken.length; i++) {
    // Any byte but a digit is a large number too.
    const digit = <u64>(<u32>(taken.byteAt(i) - 0x30));
    if (digit > 9 || value > (most - digit) / 10) {
      reader.refuseJson(taken, "expected a whole number of at most 64 bits");
    }
    value = value * 10 + digit;
  }
  return negative ? -(<i64>value) : <i64>value;
}

export function readNumber(reader: JsonReader): f64 {
  reader.takeJson(taken);
  const first = taken.byteAt(0);
  const negative = first == 0x2d;
  if (!negative && (first < 0x30 || first > 0x39)) reader.refuseJson(taken, "expected a number");
  const value = magnitude(negative ? 1 : 0);
  if (!isFinite(value)) reader.refuseJson(taken, "expected a number that a double can hold");
  return negative ? -value : value;
}

// The number that was taken, whose form was checked, from its first digit on.
function magnitude(at: i32): f64 {
  let significand: u64 = 0;
  let digits = 0;
  let exponent = 0;
  let pointed = false;
  for (; at < taken.length; at++) {
    const byte = taken.byteAt(at);
    if (byte == 0x2e) {
      pointed = true;
    } else if (byte < 0x30 || byte > 0x39) {
      exponent += exponentAt(at + 1);
      break;
    } else {
      if (pointed) exponent--;
      if (digits < DIGITS_MAX) {
        significand = significand * 10 + <u64>(byte - 0x30);
        if (significand > 0) digits++;
      } else {
        exponent++;
      }
    }
  }
  return scaled(significand, exponent);
}

// What stands behind the letter `e`.
function exponentAt(at: i32): i32 {
  const negative = taken.byteAt(at) == 0x2d;
  let exponent = 0;
  for (; at < taken.length; at++) {
    const digit = taken.byteAt(at) - 0x30;
    if (digit >= 0 && exponent < EXPONENT_MAX) exponent = exponent * 10 + digit;
  }
  return negative ? -exponent : exponent;
}

function scaled(significand: u64, exponent: i32): f64 {
  if (significand <= EXACT_MAX && abs(exponent) <= EXACT_EXPONENT_MAX) {
    let power = 1.0;
    for (let i = abs(exponent); i > 0; i--) power *= 10;
    return exponent < 0 ? <f64>significand / power : <f64>significand * power;
  }
  // With more digits than a double holds and one of these exponents, parseFloat of AssemblyScript 0.28 answers a number
  // that is smaller by powers of ten. Both factors are right by themselves.
  const odd = exponent > 22 && exponent <= 37;
  const text = significand.toString() + "e" + (odd ? exponent - 16 : exponent).toString();
  return odd ? parseFloat(text) * 1e16 : parseFloat(text);
}
