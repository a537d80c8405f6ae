/** Builds: cold, of the same files, of changed code, with a dependency more; the cold one against the same steps in `docker build`. */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { givenPlatform, type Platform } from "../test/support/platform.ts";
import type { WorkingCopy } from "../test/support/working-copy.ts";
import { type BenchContext, type Benchmark, ratio } from "./benchmark.ts";
import { BUILD_APPS, type BuildApp, dependencyFiles } from "./build-apps.ts";
import { prepareBuildPeer } from "./build-peer.ts";
import { startDocker } from "./floor/docker.ts";
import type { BenchResult } from "./result.ts";
import { median } from "./statistics.ts";

/** A build takes seconds: fewer rounds than of what takes milliseconds. */
const MOST_ROUNDS = 3;

/** One for each language, so that each can be measured by itself. */
export const builds: readonly Benchmark[] = BUILD_APPS.map((app) => ({
  name: `build-${app.language}`,
  title: `${app.fixture}: source, plan and build of a push, without release and start; the machine's runtimes are there, the app's caches are not (cold).`,
  run: (context) => runBuild(context, app),
}));

interface Samples {
  readonly cold: number[];
  readonly same: number[];
  readonly code: number[];
  readonly dependency: number[];
  readonly docker: number[];
}

async function runBuild(context: BenchContext, app: BuildApp): Promise<readonly BenchResult[]> {
  const samples: Samples = { cold: [], same: [], code: [], dependency: [], docker: [] };
  await onPlatform(async (platform) => void (await buildMs(await platform.givenApp(app.fixture)))); // makes runtimes that are missing
  const docker = await startDocker(context.directory);
  try {
    const peer = await prepareBuildPeer(docker, app, context.directory);
    const rounds = Math.min(context.rounds, MOST_ROUNDS);
    for (let round = 1; round <= rounds; round++) {
      samples.docker.push(await peer.build());
      // A platform of its own: another one's layers would be taken as they are.
      await onPlatform((platform) => measureRound(platform, app, samples));
      const line = Object.entries(samples).map(([name, values]) => `${name} ${Math.round(values.at(-1) ?? 0)} ms`);
      context.say(`round ${round} of ${rounds}: ${line.join(", ")}`);
    }
  } finally {
    await docker.close();
  }
  return results(app, samples);
}

async function onPlatform(work: (platform: Platform) => Promise<void>): Promise<void> {
  const platform = await givenPlatform();
  try {
    await work(platform);
  } finally {
    await platform.stop();
  }
}

async function measureRound(platform: Platform, app: BuildApp, samples: Samples): Promise<void> {
  const working = await platform.givenApp(app.fixture);
  samples.cold.push(await buildMs(working));
  await working.git(["commit", "-q", "--allow-empty", "-m", "the same files"]);
  samples.same.push(await buildMs(working));
  working.write(app.code, readFileSync(join(working.directory, app.code), "utf8").replace("v1", "v2"));
  samples.code.push(await buildMs(working));
  cpSync(dependencyFiles(app), working.directory, { recursive: true });
  samples.dependency.push(await buildMs(working));
}

/** From the push's own table of phases. */
async function buildMs(working: WorkingCopy): Promise<number> {
  const { code, output } = await working.push("main", { timeoutMs: 600_000 });
  const table = /source [\d.]+ m?s \| plan .*$/m.exec(output)?.[0];
  if (code !== 0 || table === undefined) throw new Error(`push failed:\n${output}`);
  return ["source", "plan", "build"].reduce((sum, phase) => sum + phaseMs(table, phase), 0);
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000 };

/** `build 1 min 2 s` */
function phaseMs(table: string, phase: string): number {
  const part = table.split("|").find((each) => each.trim().startsWith(`${phase} `)) ?? "";
  return [...part.matchAll(/([\d.]+) (ms|s|min)/g)].reduce((sum, [, value, unit = ""]) => sum + Number(value) * (UNIT_MS[unit] ?? 0), 0);
}

function results({ language, compiled }: BuildApp, samples: Samples): readonly BenchResult[] {
  const cold = median(samples.cold);
  const line = (name: string, values: readonly number[], budget: string): BenchResult => {
    const value = median(values);
    return { name: `${language}: ${name}`, value, unit: "ms", ratio: ratio(value, cold), against: "cold", budget };
  };
  const docker = median(samples.docker);
  return [
    {
      name: `${language}: cold build`,
      value: cold,
      unit: "ms",
      ratio: ratio(cold, docker),
      against: "docker build of the same steps",
      budget: "<= 1.1x",
    },
    { name: `${language}: peer: docker build`, value: docker, unit: "ms", ratio: null, against: null, budget: null },
    line("no change", samples.same, "<= 0.1x"),
    line("code changed", samples.code, compiled ? "<= 0.6x" : "<= 0.3x"),
    line("one dependency more", samples.dependency, "<= 0.5x"),
  ];
}
