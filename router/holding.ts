/** Requests that wait for their environment to start: bounded in number for each environment and in bytes for all, asked again at every new table. */
import type { EnvironmentName } from "../core/index.ts";
import type { Limits } from "./limits.ts";

export interface Held {
  reconsider(): void;
}

/** Of a request without a body: its head and its exchange, on the safe side. */
const HEAD_BYTES = 5 * 1024;

export class Holding {
  readonly #held = new Map<EnvironmentName, Map<Held, number>>();
  readonly #limits: Pick<Limits, "heldPerRoute" | "heldBytes">;
  #bytes = 0;

  constructor(limits: Pick<Limits, "heldPerRoute" | "heldBytes">) {
    this.#limits = limits;
  }

  /** false: too many wait already. `bodyBytes`: what of its body may come to lie here meanwhile. */
  add(environment: EnvironmentName, held: Held, bodyBytes: number): boolean {
    const waiting = this.#held.get(environment) ?? new Map<Held, number>();
    if (waiting.has(held)) return true;
    const bytes = HEAD_BYTES + bodyBytes;
    if (waiting.size >= this.#limits.heldPerRoute || this.#bytes + bytes > this.#limits.heldBytes) return false;
    this.#bytes += bytes;
    this.#held.set(environment, waiting.set(held, bytes));
    return true;
  }

  remove(environment: EnvironmentName, held: Held): void {
    const waiting = this.#held.get(environment);
    const bytes = waiting?.get(held);
    if (waiting === undefined || bytes === undefined) return;
    this.#bytes -= bytes;
    waiting.delete(held);
    if (waiting.size === 0) this.#held.delete(environment);
  }

  reconsiderAll(): void {
    for (const waiting of [...this.#held.values()]) for (const held of [...waiting.keys()]) held.reconsider();
  }
}
