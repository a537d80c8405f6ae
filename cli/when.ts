/** Points in time and spans as people read and write them. */
import { PushboatError, quote } from "../core/index.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Heroku's form, UTC: `2026/08/01 10:00:00 +0000 (~ 5m ago)`. */
export function when(timeMs: number, nowMs: number): string {
  const iso = new Date(timeMs).toISOString();
  return `${iso.slice(0, 10).replaceAll("-", "/")} ${iso.slice(11, 19)} +0000 (~ ${ago(Math.max(0, nowMs - timeMs))} ago)`;
}

function ago(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)}s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)}m`;
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)}h`;
  return `${Math.floor(ms / DAY_MS)}d`;
}

/** ISO 8601 for --json. */
export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

const UNITS_MS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };

/** `30s`, `10m`, `2h`, `7d` */
export function parseSpanMs(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const unitMs = UNITS_MS[match?.[2] ?? ""];
  if (match === null || unitMs === undefined) {
    throw new PushboatError({
      code: "usage/span",
      message: `${quote(text)} is not a span of time`,
      hint: "Write a number and s, m, h or d: 30s, 10m, 2h, 7d",
    });
  }
  return Number(match[1]) * unitMs;
}
