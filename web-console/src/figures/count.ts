// Whole numbers as a reader wants them. The API writes a sum above 2^53 − 1 as a string; both forms are taken.

export type Count = number | string;

const SCALES = [
  { from: 1_000_000_000_000n, letter: "T" },
  { from: 1_000_000_000n, letter: "G" },
  { from: 1_000_000n, letter: "M" },
  { from: 10_000n, letter: "k", unit: 1_000n },
];

/** Every digit, in groups of three: `1,234,567`. */
export function formatCount(count: Count): string {
  return BigInt(count).toLocaleString("en-US");
}

/** Three digits and a letter from ten thousand on: `1.23 M`. */
export function compactCount(count: Count): string {
  const exact = BigInt(count);
  const scale = SCALES.find((scale) => exact >= scale.from);
  if (!scale) return formatCount(count);
  const scaled = Number((exact * 1000n) / (scale.unit ?? scale.from)) / 1000;
  const digits = scaled < 10 ? 2 : scaled < 100 ? 1 : 0;
  return `${scaled.toLocaleString("en-US", { maximumFractionDigits: digits })} ${scale.letter}`;
}

/** A share of a whole, 0 to 1, for gauges and rates. Nothing of nothing is nothing. */
export function share(part: Count, whole: Count): number {
  const total = BigInt(whole);
  return total === 0n ? 0 : Number((BigInt(part) * 1_000_000n) / total) / 1_000_000;
}

/** `0.4 %`. A share that is not zero never reads as zero, and one that is not whole never as a hundred. */
export function formatShare(fraction: number): string {
  const percent = fraction * 100;
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  if (percent < 100 && percent > 99.9) return "> 99.9 %";
  return `${percent.toLocaleString("en-US", { maximumFractionDigits: 1 })} %`;
}
