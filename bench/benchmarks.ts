/** Every benchmark, in the order in which they run. */
import type { Benchmark } from "./benchmark.ts";
import { deploy } from "./deploy.ts";

export const benchmarks: readonly Benchmark[] = [deploy];
