// Sizes in bytes.

const UNITS = ["KiB", "MiB", "GiB", "TiB"];

/** `148 KiB`, three digits at most. Sums too large for a number lose only digits that are not shown. */
export function formatBytes(bytes: number | string): string {
  let size = Number(bytes);
  if (size < 1024) return `${size} B`;
  let unit = "B";
  for (const next of UNITS) {
    if (size < 1024) break;
    size /= 1024;
    unit = next;
  }
  const digits = size < 10 ? 2 : size < 100 ? 1 : 0;
  return `${size.toLocaleString("en-US", { maximumFractionDigits: digits })} ${unit}`;
}
