/** 100 deploys under constant load: how many requests failed. */
import { givenLoad } from "../test/support/constant-load.ts";
import { givenPlatform } from "../test/support/platform.ts";
import type { BenchContext, Benchmark } from "./benchmark.ts";
import { mustPush } from "./deploy.ts";
import { type BenchResult, lone } from "./result.ts";

const DEPLOYS = Number(process.env["BENCH_DEPLOYS"] ?? 100);
const RATE_PER_SECOND = 100;

export const constantLoad: Benchmark = {
  name: "constant-load",
  title: `${DEPLOYS} deploys of express-hello under ${RATE_PER_SECOND} requests/s, half of them on new connections, by a client that never retries.`,
  run: runConstantLoad,
};

async function runConstantLoad(context: BenchContext): Promise<readonly BenchResult[]> {
  const platform = await givenPlatform();
  try {
    const working = await platform.givenApp("express-hello");
    await mustPush(working);
    const load = givenLoad({ port: platform.ports.http, host: working.host, path: "/", ratePerSecond: RATE_PER_SECOND });
    for (let deploy = 1; deploy <= DEPLOYS; deploy++) {
      working.write("version.js", `export default "deploy ${deploy}";\n`);
      await mustPush(working);
      if (deploy % 10 === 0) context.say(`${deploy} of ${DEPLOYS} deploys`);
    }
    const report = await load.end();
    for (const failure of report.failures) context.say(failure);
    return [
      lone(`failed requests in ${DEPLOYS} deploys`, report.failed, "requests", "<= 0"),
      lone("requests", report.requests, "requests", null),
      lone("p50 meanwhile", report.p50Ms, "ms", null),
      lone("p99 meanwhile", report.p99Ms, "ms", null),
    ];
  } finally {
    await platform.stop();
  }
}
