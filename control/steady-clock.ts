/** Whether the clock of the day can be believed: one that was set ahead by mistake must not end anything by its age. */

export interface SteadyClock {
  /** To be asked often: each look compares what passed on both clocks since the one before. */
  isSteady(): boolean;
}

export interface Clocks {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicNow: () => number;
}

/** More than any slewing and any delay of a look. */
const JUMP_MS = 60_000;
/** Time for somebody, or NTP, to set it right. */
const DISTRUST_MS = 60 * 60_000;

export function createSteadyClock({ now, monotonicNow }: Clocks): SteadyClock {
  let last = { wallMs: now(), monotonicMs: monotonicNow() };
  let distrustedUntilMs = Number.NEGATIVE_INFINITY;
  return {
    isSteady() {
      const current = { wallMs: now(), monotonicMs: monotonicNow() };
      const aheadMs = current.wallMs - last.wallMs - (current.monotonicMs - last.monotonicMs);
      if (Math.abs(aheadMs) > JUMP_MS) distrustedUntilMs = aheadMs > 0 ? current.monotonicMs + DISTRUST_MS : Number.NEGATIVE_INFINITY;
      last = current;
      return current.monotonicMs >= distrustedUntilMs;
    },
  };
}
