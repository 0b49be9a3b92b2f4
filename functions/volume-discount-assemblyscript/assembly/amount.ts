// Money, exactly: whole minor units and the number of decimals they are written with. No floating point anywhere.
import { Text } from "./text";

// 10^15 - 1: the greatest amount of 15 digits, in minor units. Times a hundred percent it stays within 64 bits.
export const MINOR_UNITS_MAX: u64 = 999_999_999_999_999;
const DIGITS_MAX = 15;
const DECIMALS_MAX = 4;

// "84.50" is 8450 minor units with 2 decimals.
@final
export class Amount {
  constructor(readonly minorUnits: u64, readonly decimals: i32) {}

  // Null when the text is no amount: at most 15 digits, 4 of them after the point, no sign, no leading zero.
  static parse(text: Text): Amount | null {
    let minorUnits: u64 = 0;
    let digits = 0;
    let point = text.length;
    for (let i = 0; i < text.length; i++) {
      const byte = text.byteAt(i);
      if (byte == 0x2e && point == text.length) {
        point = i;
      } else if (byte >= 0x30 && byte <= 0x39 && digits < DIGITS_MAX) {
        minorUnits = minorUnits * 10 + <u64>(byte - 0x30);
        digits++;
      } else {
        return null;
      }
    }
    const decimals = digits - point;
    const barePoint = point < text.length && decimals == 0;
    const leadingZero = point > 1 && text.byteAt(0) == 0x30;
    if (point == 0 || barePoint || leadingZero || decimals > DECIMALS_MAX) return null;
    return new Amount(minorUnits, decimals);
  }
}
