/** How many requests were answered, how and how fast: counted on the hot path, put into words only when somebody asks. */
import type { EnvironmentName } from "../core/index.ts";

/** Upper bounds, as Prometheus' client libraries have them by default, with 1 ms before and a minute behind. */
export const BUCKET_BOUNDS_MS: readonly number[] = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000];

/** Answers that begin with 1 (upgrades) to 5, and at 0 connections that ended without any. */
const CLASSES = 6;

export interface Counts {
  /** By the status' first digit. */
  readonly byClass: number[];
  /** Not cumulative; the last one has no bound. */
  readonly buckets: number[];
  sumMs: number;
}

export class RequestCounts {
  total = 0;
  /** For hosts that nobody has. */
  readonly unrouted: Counts = noCounts();
  readonly #byEnvironment = new Map<EnvironmentName, Counts>();
  #known: ReadonlySet<EnvironmentName> = new Set();

  add(environment: EnvironmentName | null, status: number, durationMs: number): void {
    this.total++;
    const counts = this.#countsOf(environment);
    const at = Math.floor(status / 100);
    counts.byClass[at] = (counts.byClass[at] ?? 0) + 1;
    let bucket = 0;
    while (bucket < BUCKET_BOUNDS_MS.length && durationMs > (BUCKET_BOUNDS_MS[bucket] as number)) bucket++;
    counts.buckets[bucket] = (counts.buckets[bucket] as number) + 1;
    counts.sumMs += durationMs;
  }

  /** Those that are gone are forgotten: a platform that makes and ends branches for years does not grow. */
  keepOnly(environments: ReadonlySet<EnvironmentName>): void {
    this.#known = environments;
    for (const environment of this.#byEnvironment.keys()) if (!environments.has(environment)) this.#byEnvironment.delete(environment);
  }

  byEnvironment(): ReadonlyMap<EnvironmentName, Counts> {
    return this.#byEnvironment;
  }

  #countsOf(environment: EnvironmentName | null): Counts {
    if (environment === null) return this.unrouted;
    let counts = this.#byEnvironment.get(environment);
    if (counts === undefined) {
      // The last requests of a removed environment.
      if (!this.#known.has(environment)) return this.unrouted;
      counts = noCounts();
      this.#byEnvironment.set(environment, counts);
    }
    return counts;
  }
}

function noCounts(): Counts {
  return { byClass: Array<number>(CLASSES).fill(0), buckets: Array<number>(BUCKET_BOUNDS_MS.length + 1).fill(0), sumMs: 0 };
}
