/** The newest result of each benchmark, with the machine and the day, as bench/results/NAME.json. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Benchmark } from "./benchmark.ts";
import { type Machine, machine } from "./machine.ts";
import type { BenchResult } from "./result.ts";

export interface BenchRecord {
  readonly name: string;
  readonly title: string;
  /** 2026-11-21 */
  readonly date: string;
  readonly machine: Machine;
  readonly results: readonly BenchResult[];
}

const DIRECTORY = join(import.meta.dirname, "results");

export function writeRecord(benchmark: Benchmark, results: readonly BenchResult[]): void {
  const record: BenchRecord = {
    name: benchmark.name,
    title: benchmark.title,
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    results,
  };
  mkdirSync(DIRECTORY, { recursive: true });
  writeFileSync(join(DIRECTORY, `${benchmark.name}.json`), `${JSON.stringify(record, null, 2)}\n`);
}

export function readRecords(): readonly BenchRecord[] {
  const files = readdirSync(DIRECTORY).filter((file) => file.endsWith(".json"));
  return files.sort().map((file) => JSON.parse(readFileSync(join(DIRECTORY, file), "utf8")) as BenchRecord);
}
