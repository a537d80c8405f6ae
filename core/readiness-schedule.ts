/** When a starting instance is asked whether it is ready: soon at first, then often; never one fixed sleep. */

/** After 5, 10 and 20 ms: what boots in no time is not kept waiting. */
const FIRST_DELAYS_MS = [5, 10, 20] as const;
/**
 * Then every 20 ms for the first second, as most apps come up in it: every 50 ms lost 30 ms of a boot of 110 ms, which is a seventh
 * of a rollback (measured, bench/rollback.ts).
 */
const EARLY_DELAY_MS = 20;
const EARLY_ATTEMPTS = FIRST_DELAYS_MS.length + 1_000 / EARLY_DELAY_MS;
/** Then every 50 ms: 20 refused connections a second are no load. */
const STEADY_DELAY_MS = 50;

/** Time to wait before this attempt; attempts count from 0. */
export function readinessDelayMs(attempt: number): number {
  return FIRST_DELAYS_MS[attempt] ?? (attempt < EARLY_ATTEMPTS ? EARLY_DELAY_MS : STEADY_DELAY_MS);
}
