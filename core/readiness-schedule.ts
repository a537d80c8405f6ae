/** When a starting instance is asked whether it is ready: soon at first, then often; never one fixed sleep. */

/** After 5, 10 and 20 ms: what boots in no time is not kept waiting. */
const FIRST_DELAYS_MS = [5, 10, 20] as const;
/** Then every 50 ms: at most 50 ms lost on an app's boot, and 20 refused connections a second are no load. */
const STEADY_DELAY_MS = 50;

/** Time to wait before this attempt; attempts count from 0. */
export function readinessDelayMs(attempt: number): number {
  return FIRST_DELAYS_MS[attempt] ?? STEADY_DELAY_MS;
}
