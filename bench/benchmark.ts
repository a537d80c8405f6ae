/** What every benchmark is given and gives back. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import type { BenchResult } from "./result.ts";

export interface BenchContext {
  /** A directory on disk of its own, 0711, removed afterwards. */
  readonly directory: string;
  /** How often each side is measured, interleaved. */
  readonly rounds: number;
  /** Progress, to stderr. */
  readonly say: (text: string) => void;
}

export interface Benchmark {
  readonly name: string;
  /** One sentence: what is measured, from when to when. */
  readonly title: string;
  run(context: BenchContext): Promise<readonly BenchResult[]>;
}

/** On a disk, not on a tmpfs: layers and builds lie there. */
const PARENT_DIRECTORY = "/var/tmp";
const DEFAULT_ROUNDS = 9;

export async function runBenchmark(benchmark: Benchmark): Promise<readonly BenchResult[]> {
  const directory = mkdtempSync(`${PARENT_DIRECTORY}/pushboat-bench-`);
  chmodSync(directory, 0o711);
  const startMs = performance.now();
  const say = (text: string) => console.error(`[${((performance.now() - startMs) / 1000).toFixed(1)} s] ${benchmark.name}: ${text}`);
  try {
    return await benchmark.run({ directory, rounds: Number(process.env["BENCH_ROUNDS"] ?? DEFAULT_ROUNDS), say });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** value / other, to two digits. */
export function ratio(value: number, other: number): number {
  return Math.round((value / other) * 100) / 100;
}
