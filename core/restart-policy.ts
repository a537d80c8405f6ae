/** What follows a crash: Flynn's policy, as a pure function of the history and the clock. */

export interface RestartPolicy {
  /** First match counts: fewer crashes so far than this, then this delay. */
  readonly steps: readonly { readonly belowCrashes: number; readonly delayMs: number }[];
  /** From then on. */
  readonly lastDelayMs: number;
  /** Up for this long: earlier crashes are forgotten. */
  readonly forgottenAfterUpMs: number;
}

/** Flynn's numbers (semantics.md): five at once, ten with 10 s between them, then one every 30 s. */
export const RESTART_POLICY: RestartPolicy = {
  steps: [
    { belowCrashes: 5, delayMs: 0 },
    { belowCrashes: 15, delayMs: 10_000 },
  ],
  lastDelayMs: 30_000,
  forgottenAfterUpMs: 5 * 60_000,
};

export interface CrashHistory {
  /** Crashes not forgotten, before this one. */
  readonly crashes: number;
  /** When it came up before this crash; null: it never did. Epoch milliseconds. */
  readonly upSinceMs: number | null;
}

export interface RestartDecision {
  readonly decision: "at-once" | "delayed";
  readonly delayMs: number;
  /** For the log, after the crash was told: `restarting in 10 s (crash 6)`. */
  readonly reason: string;
  /** Crashes not forgotten, this one included: the next history's count. */
  readonly crashes: number;
}

export function decideRestart(policy: RestartPolicy, history: CrashHistory, nowMs: number): RestartDecision {
  const forgotten = history.upSinceMs !== null && nowMs - history.upSinceMs >= policy.forgottenAfterUpMs;
  const before = forgotten ? 0 : history.crashes;
  const delayMs = policy.steps.find((step) => before < step.belowCrashes)?.delayMs ?? policy.lastDelayMs;
  const when = delayMs === 0 ? "at once" : `in ${delayMs / 1000} s`;
  return {
    decision: delayMs === 0 ? "at-once" : "delayed",
    delayMs,
    reason: `restarting ${when} (crash ${before + 1})`,
    crashes: before + 1,
  };
}
