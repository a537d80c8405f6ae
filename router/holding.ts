/** Requests that wait for their environment to start: bounded for each environment, asked again at every new table. */
import type { EnvironmentName } from "../core/index.ts";

export interface Held {
  reconsider(): void;
}

export class Holding {
  readonly #held = new Map<EnvironmentName, Set<Held>>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** false: too many wait already. */
  add(environment: EnvironmentName, held: Held): boolean {
    const waiting = this.#held.get(environment) ?? new Set();
    if (waiting.size >= this.#limit && !waiting.has(held)) return false;
    waiting.add(held);
    this.#held.set(environment, waiting);
    return true;
  }

  remove(environment: EnvironmentName, held: Held): void {
    const waiting = this.#held.get(environment);
    if (waiting === undefined) return;
    waiting.delete(held);
    if (waiting.size === 0) this.#held.delete(environment);
  }

  reconsiderAll(): void {
    for (const waiting of [...this.#held.values()]) for (const held of [...waiting]) held.reconsider();
  }
}
