import { expect, test } from "vitest";
import { formatBytes } from "./bytes";
import { compactCount, formatCount, formatShare, share } from "./count";
import { formatCost, formatMoney } from "./money";
import { countedQuantity } from "./quantity";
import { clockTime, exactTime, formatMicros, relativeTime } from "./time";

test("a sum past 2^53 keeps every digit", () => {
  expect(formatCount("9007199254740993")).toBe("9,007,199,254,740,993");
  expect(formatCount(0)).toBe("0");
});

test("a compact count has three digits and never more than the count", () => {
  expect(compactCount(9_999)).toBe("9,999");
  expect(compactCount(12_345)).toBe("12.3 k");
  expect(compactCount(1_239_999)).toBe("1.24 M");
  expect(compactCount("90071992547409930")).toBe("90,072 T");
});

test("a share that is not nothing never reads as nothing", () => {
  expect(formatShare(share(1, 1_000_000))).toBe("< 0.1 %");
  expect(formatShare(share(999_999, 1_000_000))).toBe("> 99.9 %");
  expect(formatShare(share(0, 0))).toBe("0 %");
  expect(formatShare(share(1, 8))).toBe("12.5 %");
});

test("money is the decimal that the API wrote, to the last digit", () => {
  expect(formatCost("0.0000012 USD")).toBe("$0.0000012");
  expect(formatMoney("1234567.5", "USD")).toBe("$1,234,567.50");
  expect(formatMoney("-3", "CHF")).toBe("−3.00 CHF");
  expect(formatMoney("0.100000000000000001", "EUR")).toBe("€0.100000000000000001");
});

test("a quantity in the unit of its price is counted one by one, exactly", () => {
  expect(countedQuantity("0.000002", "1,000,000 invocations")).toBe("2 invocations");
  expect(countedQuantity("1234.5", "1,000,000,000 fuel")).toBe("1,234,500,000,000 fuel");
  expect(countedQuantity("0.0000000515", "1,000,000,000 KiB·ms")).toBe("51.5 KiB·ms");
  expect(countedQuantity("3", "1 seat")).toBe("3 seat");
  expect(countedQuantity("3", "5 seats")).toBeNull();
  expect(countedQuantity("much", "1,000 runs")).toBeNull();
});

test("bytes are powers of 1,024", () => {
  expect(formatBytes(1023)).toBe("1023 B");
  expect(formatBytes(152_000)).toBe("148 KiB");
  expect(formatBytes(64 * 1024 * 1024)).toBe("64 MiB");
});

test("time is relative within a week and a date beyond", () => {
  const now = new Date("2026-11-21T12:00:00Z");
  expect(relativeTime("2026-11-21T11:59:58Z", now)).toBe("just now");
  expect(relativeTime("2026-11-21T11:56:30Z", now)).toBe("3 min ago");
  expect(relativeTime("2026-11-19T11:00:00Z", now)).toBe("2 d ago");
  expect(relativeTime("2026-11-21T14:00:00Z", now)).toBe("in 2 h");
  expect(relativeTime("2026-10-02T12:00:00Z", now)).toBe("2 Oct 2026");
  expect(exactTime("2026-11-21T12:00:00.250Z")).toMatch(/21 Nov 2026.*\.250/);
});

test("a duration has the unit that fits", () => {
  expect(formatMicros(23)).toBe("23 µs");
  expect(formatMicros(1_420)).toBe("1.42 ms");
  expect(formatMicros(2_100_000)).toBe("2.1 s");
});

test("a time is told by the clock of the zone that counts", () => {
  const at = "2026-11-23T08:00:00Z";
  expect(clockTime(at, "Europe/Berlin")).toBe("Mon, 23 Nov 2026, 09:00");
  expect(clockTime(at, "Asia/Tokyo")).toBe("Mon, 23 Nov 2026, 17:00");
});
