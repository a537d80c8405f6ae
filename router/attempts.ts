/** Which instances one request has tried in vain, and what its client is told when none is left. */
import { choose } from "./choose.ts";
import { FAILURES, type Failure } from "./failure.ts";
import type { Target } from "./target.ts";

export interface AttemptRules {
  readonly connectionsPerTarget: number;
  readonly random: () => number;
}

export class Attempts {
  lastFailure: Failure = FAILURES.refused;
  readonly #tried: Target[] = [];

  /** `preferred`: taken where it can be. null: none is left to try. */
  next(targets: readonly Target[], nowMs: number, rules: AttemptRules, preferred: Target | null): Target | null {
    if (preferred !== null && this.#isGood(preferred, nowMs, rules)) return preferred;
    for (;;) {
      const target = choose(targets, this.#tried, nowMs, rules.random);
      if (target === null || target.inFlight < rules.connectionsPerTarget) return target;
      this.failed(target, FAILURES.backlog);
    }
  }

  #isGood(target: Target, nowMs: number, rules: AttemptRules): boolean {
    return target.quarantinedUntilMs <= nowMs && target.inFlight < rules.connectionsPerTarget && !this.#tried.includes(target);
  }

  failed(target: Target, failure: Failure): void {
    this.#tried.push(target);
    this.lastFailure = failure;
  }
}
