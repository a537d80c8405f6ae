/** What a running app notices of bad neighbours: its answers while others fork without end, flood their log, and are built, against its quiet ones. */
import { loadFor } from "../test/support/constant-load.ts";
import { givenPlatform, type Platform } from "../test/support/platform.ts";
import type { WorkingCopy } from "../test/support/working-copy.ts";
import { type BenchContext, type Benchmark, ratio } from "./benchmark.ts";
import { mustPush } from "./deploy.ts";
import type { BenchResult } from "./result.ts";

const RATE_PER_SECOND = 50;
const MEASURED_MS = 15_000;

export const neighbour: Benchmark = {
  name: "neighbour",
  title: `express-hello at ${RATE_PER_SECOND} requests/s, half of them on new connections: quiet, then beside a fork bomb, a log flood and a cold build.`,
  run: runNeighbour,
};

async function runNeighbour(context: BenchContext): Promise<readonly BenchResult[]> {
  const platform = await givenPlatform({ settings: { PUSHBOAT_BOOT_TIMEOUT_MS: String(MEASURED_MS) } });
  try {
    const app = await platform.givenApp("express-hello");
    await mustPush(app);
    const target = { port: platform.ports.http, host: app.host, path: "/", ratePerSecond: RATE_PER_SECOND };
    const quiet = await loadFor(target, MEASURED_MS);
    const noise: readonly [string, () => Promise<unknown>][] = [
      ["a fork bomb", async () => (await platform.givenApp("failing-fork-bomb", { app: "bomb" })).push()],
      ["a log flood", () => flood(platform)],
      [
        "a cold build",
        async () => (await platform.givenApp("vite-static", { app: "built" })).push("main", { gitOptions: ["-o", "no-cache"] }),
      ],
    ];
    const results: BenchResult[] = [line("p99, quiet", quiet.p99Ms, "ms")];
    for (const [name, make] of noise) {
      const made = make();
      const report = await loadFor(target, MEASURED_MS);
      await made;
      context.say(`${name}: ${report.failed} of ${report.requests} failed, p99 ${report.p99Ms.toFixed(1)} ms`);
      results.push({
        ...line(`p99 beside ${name}`, report.p99Ms, "ms"),
        ratio: ratio(report.p99Ms, quiet.p99Ms),
        against: "quiet",
        budget: "<= 3x",
      });
      results.push({ ...line(`failed beside ${name}`, report.failed, "requests"), budget: "<= 0" });
    }
    return results;
  } finally {
    await platform.stop();
  }
}

/** An app that is up and writes as much as it can for as long as the measurement takes. */
async function flood(platform: Platform): Promise<void> {
  const app: WorkingCopy = await platform.givenApp("failing-log-flood", { app: "flood" });
  await app.push();
  await platform.ssh("apps:destroy flood --confirm flood");
}

function line(name: string, value: number, unit: string): BenchResult {
  return { name, value, unit, ratio: null, against: null, budget: null };
}
