/** One line of a benchmark's table. */
export interface BenchResult {
  /** `deploy: code-only push until the new version answers` */
  readonly name: string;
  readonly value: number;
  /** `ms`, `req/s`, `MB`, `errors`. */
  readonly unit: string;
  /** value / the floor's or peer's value, measured in the same run; null where it stands alone. */
  readonly ratio: number | null;
  /** What the ratio is against. */
  readonly against: string | null;
  /** `<= 1.35x`; null where this line is only there to be compared with. */
  readonly budget: string | null;
}

/** A line that is compared with nothing. budget: `<= 0`; null: only told. */
export function lone(name: string, value: number, unit: string, budget: string | null): BenchResult {
  return { name, value, unit, ratio: null, against: null, budget };
}
