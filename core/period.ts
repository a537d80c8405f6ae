/** Spans of time as files write them: `30m`, `12h`, `5d`. */

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** In milliseconds; `never` is null. */
export function parsePeriod(period: string): number | null {
  const match = /^(\d+)([smhd])$/.exec(period);
  return match === null ? null : Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? 0);
}
