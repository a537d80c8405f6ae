/** Every benchmark, in the order in which they run. */
import type { Benchmark } from "./benchmark.ts";
import { builds } from "./build.ts";
import { constantLoad } from "./constant-load.ts";
import { density } from "./density.ts";
import { deploy } from "./deploy.ts";
import { deployLarge } from "./deploy-large.ts";
import { environments } from "./environments.ts";
import { memory } from "./memory.ts";
import { neighbour } from "./neighbour.ts";
import { rollback } from "./rollback.ts";
import { router } from "./router.ts";
import { routerExtremes } from "./router-extremes.ts";
import { routerTls } from "./router-tls.ts";
import { start } from "./start.ts";
import { zeroDowntime } from "./zero-downtime.ts";

export const benchmarks: readonly Benchmark[] = [
  deploy,
  deployLarge,
  start,
  rollback,
  router,
  routerTls,
  routerExtremes,
  constantLoad,
  zeroDowntime,
  memory,
  density,
  environments,
  neighbour,
  ...builds,
];
