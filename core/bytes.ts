/** Amounts of memory and disk as users write and read them: `512mb`, `1.5g`; `1 GB`. Pure. */

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** null: not an amount. */
export function parseBytes(text: string): number | null {
  const [, count, unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?)([kmgt]?)i?b?$/i.exec(text) ?? [];
  return count === undefined ? null : Math.round(Number(count) * (UNITS[unit.toLowerCase()] as number));
}

/** `512 MB`, `1 GB`, `1.5 GB`. */
export function formatBytes(bytes: number): string {
  const megabytes = bytes / 1024 ** 2;
  if (megabytes < 1024) return `${Math.round(megabytes)} MB`;
  return `${Number((megabytes / 1024).toFixed(1))} GB`;
}
