/** Who was visited when, and who has to be woken: what control wants to know of an environment beside its routes. */
import type { EnvironmentName } from "../core/index.ts";

export class Visits {
  readonly #active = new Map<EnvironmentName, number>();
  readonly #lastMs = new Map<EnvironmentName, number>();
  readonly #sleepers = new Set<EnvironmentName>();
  readonly #listeners = new Set<(environment: EnvironmentName) => void>();

  /** A request (or an upgraded connection) began. */
  enter(environment: EnvironmentName): void {
    this.#active.set(environment, (this.#active.get(environment) ?? 0) + 1);
  }

  leave(environment: EnvironmentName, nowMs: number): void {
    this.#lastMs.set(environment, nowMs);
    const left = (this.#active.get(environment) ?? 1) - 1;
    if (left > 0) this.#active.set(environment, left);
    else this.#active.delete(environment);
  }

  /** Requests being answered, by environment. */
  inFlight(): Readonly<Record<EnvironmentName, number>> {
    return Object.fromEntries(this.#active);
  }

  /** Requests of an environment that run now. */
  active(environment: EnvironmentName): number {
    return this.#active.get(environment) ?? 0;
  }

  idleMs(nowMs: number): Readonly<Record<EnvironmentName, number>> {
    const idle = Object.fromEntries([...this.#lastMs].map(([environment, lastMs]) => [environment, Math.round(nowMs - lastMs)]));
    for (const environment of this.#active.keys()) idle[environment] = 0;
    return idle;
  }

  /** A request waits for it. Said once, until it has been awake. */
  wake(environment: EnvironmentName): void {
    if (this.#sleepers.has(environment)) return;
    this.#sleepers.add(environment);
    for (const listener of this.#listeners) listener(environment);
  }

  /** By the new table: who is not asleep (any more) need not be woken, who is gone is forgotten. */
  keepOnly(environments: ReadonlySet<EnvironmentName>, asleep: ReadonlySet<EnvironmentName>): void {
    for (const environment of this.#sleepers) if (!asleep.has(environment)) this.#sleepers.delete(environment);
    for (const environment of this.#lastMs.keys()) if (!environments.has(environment)) this.#lastMs.delete(environment);
  }

  /** Hears of everybody who waits to be woken, those of before too. Answers how to stop. */
  onWake(listener: (environment: EnvironmentName) => void): () => void {
    this.#listeners.add(listener);
    for (const environment of this.#sleepers) listener(environment);
    return () => this.#listeners.delete(listener);
  }
}
