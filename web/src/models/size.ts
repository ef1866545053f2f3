const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** An amount of bytes as people read it: `512 B`, `1.4 MiB`. */
export function sizeOf(bytes: number, language: string): string {
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  const digits = unit && amount < 10 ? 1 : 0;
  return `${amount.toLocaleString(language, { maximumFractionDigits: digits })} ${UNITS[unit]}`;
}
