// Undoes the escapes of a JSON string whose form was checked before.
import { Text } from "./text";

// The value of a hexadecimal digit; -1 for any other byte.
export function hexDigit(byte: i32): i32 {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return byte >= 0 && lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

// The byte that a one-letter escape stands for; 0 for any other letter.
export function unescaped(letter: i32): i32 {
  switch (letter) {
    case 0x22: // "
    case 0x5c: // \
    case 0x2f: return letter; // /
    case 0x62: return 0x08; // b
    case 0x66: return 0x0c; // f
    case 0x6e: return 0x0a; // n
    case 0x72: return 0x0d; // r
    case 0x74: return 0x09; // t
    default: return 0;
  }
}

// Point the text at itself without escapes. False when it holds half of a surrogate pair.
export function unescape(raw: Text): bool {
  // What an escape stands for is never longer than the escape.
  const decoded = changetype<usize>(new ArrayBuffer(raw.length));
  let length = 0;
  for (let i = 0; i < raw.length; ) {
    const byte = raw.byteAt(i++);
    if (byte != 0x5c) {
      store<u8>(decoded + <usize>length, <u8>byte);
      length++;
      continue;
    }
    const letter = raw.byteAt(i++);
    if (letter != 0x75) {
      store<u8>(decoded + <usize>length, <u8>unescaped(letter));
      length++;
      continue;
    }
    let point = hexUnit(raw, i);
    i += 4;
    if (point >= 0xd800 && point <= 0xdfff) {
      const low = point <= 0xdbff ? secondUnit(raw, i) : -1;
      if (low < 0xdc00 || low > 0xdfff) return false;
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      i += 6;
    }
    length += putUtf8(decoded + <usize>length, point);
  }
  raw.start = decoded;
  raw.length = length;
  return true;
}

function hexUnit(raw: Text, first: i32): i32 {
  let unit = 0;
  for (let i = first; i < first + 4; i++) unit = (unit << 4) | hexDigit(raw.byteAt(i));
  return unit;
}

// The second half of a pair, if an escape \uXXXX stands here; else -1.
function secondUnit(raw: Text, at: i32): i32 {
  if (at + 6 > raw.length || raw.byteAt(at) != 0x5c || raw.byteAt(at + 1) != 0x75) return -1;
  return hexUnit(raw, at + 2);
}

function putUtf8(at: usize, point: i32): i32 {
  if (point < 0x80) {
    store<u8>(at, <u8>point);
    return 1;
  }
  if (point < 0x800) {
    store<u8>(at, <u8>(0xc0 | (point >> 6)));
    store<u8>(at, <u8>(0x80 | (point & 0x3f)), 1);
    return 2;
  }
  if (point < 0x10000) {
    store<u8>(at, <u8>(0xe0 | (point >> 12)));
    store<u8>(at, <u8>(0x80 | ((point >> 6) & 0x3f)), 1);
    store<u8>(at, <u8>(0x80 | (point & 0x3f)), 2);
    return 3;
  }
  store<u8>(at, <u8>(0xf0 | (point >> 18)));
  store<u8>(at, <u8>(0x80 | ((point >> 12) & 0x3f)), 1);
  store<u8>(at, <u8>(0x80 | ((point >> 6) & 0x3f)), 2);
  store<u8>(at, <u8>(0x80 | (point & 0x3f)), 3);
  return 4;
}
