/** One byte changed in a repository of 100 MB: what does it cost against the same change in a small one? */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { givenPlatform, type Platform } from "../test/support/platform.ts";
import type { WorkingCopy } from "../test/support/working-copy.ts";
import { type BenchContext, type Benchmark, ratio } from "./benchmark.ts";
import { mustPush } from "./deploy.ts";
import { untilAnswers } from "./floor/answer.ts";
import type { BenchResult } from "./result.ts";
import { median } from "./statistics.ts";

const FILES = 5000;
const DIRECTORIES = 276;
const FILE_BYTES = 20_000;
const SEED = "pushboat-1";
const SETTLE_MS = 1000;

export const deployLarge: Benchmark = {
  name: "deploy-large",
  title: `One byte changed in a repository of ${(FILES * FILE_BYTES) / 1e6} MB in ${FILES} files (incompressible, seed ${SEED}), against the same change without those files.`,
  run: runDeployLarge,
};

interface Sample {
  readonly durationMs: number;
  readonly diskBytes: number;
  /** Through read(2) and write(2), caches included. */
  readonly throughCalls: number;
  /** To and from the disk. */
  readonly toDisk: number;
}

async function runDeployLarge(context: BenchContext): Promise<readonly BenchResult[]> {
  const platform = await givenPlatform();
  const samples = { small: [] as Sample[], large: [] as Sample[] };
  try {
    const small = await platform.givenApp("express-hello", { app: "small" });
    const large = await platform.givenApp("express-hello", { app: "large" });
    fill(large.directory);
    await mustPush(small);
    const startMs = performance.now();
    await mustPush(large);
    const firstMs = performance.now() - startMs;
    context.say(`first push of the large one: ${Math.round(firstMs)} ms`);
    for (let round = 1; round <= context.rounds; round++) {
      for (const [name, working] of [
        ["small", small],
        ["large", large],
      ] as const) {
        await sleep(SETTLE_MS);
        samples[name].push(await measure(platform, working, `v${(round % 8) + 2}`));
      }
      context.say(
        `round ${round} of ${context.rounds}: small ${Math.round(samples.small.at(-1)?.durationMs ?? 0)} ms, large ${Math.round(samples.large.at(-1)?.durationMs ?? 0)} ms`,
      );
    }
  } finally {
    await platform.stop();
  }
  return results(samples);
}

/** The same bytes on every machine: a hash chain. */
function fill(directory: string): void {
  for (let file = 0; file < FILES; file++) {
    const folder = join(directory, "data", `d${file % DIRECTORIES}`);
    mkdirSync(folder, { recursive: true });
    const blocks = Array.from({ length: Math.ceil(FILE_BYTES / 64) }, (_, block) =>
      createHash("sha512").update(`${SEED} ${file} ${block}`).digest(),
    );
    writeFileSync(join(folder, `f${file}.bin`), Buffer.concat(blocks).subarray(0, FILE_BYTES));
  }
}

async function measure(platform: Platform, working: WorkingCopy, version: string): Promise<Sample> {
  working.write("version.js", `export default "${version}";\n`);
  await working.commit(version);
  execFileSync("sync");
  const before = { disk: diskBytes(platform), io: controlIo(platform) };
  const startMs = performance.now();
  const answered = untilAnswers({ ip: "127.0.0.1", port: platform.ports.http, host: working.host, body: `hello ${version}` });
  const pushed = await working.git(["push", "-q", "pushboat", "HEAD:refs/heads/main"]);
  if (pushed.code !== 0) throw new Error(`push failed:\n${pushed.output}`);
  const durationMs = (await answered) - startMs;
  await sleep(SETTLE_MS);
  const after = { disk: diskBytes(platform), io: controlIo(platform) };
  return {
    durationMs,
    diskBytes: after.disk - before.disk,
    throughCalls: after.io.throughCalls - before.io.throughCalls,
    toDisk: after.io.toDisk - before.io.toDisk,
  };
}

function diskBytes(platform: Platform): number {
  return Number(execFileSync("du", ["-s", "--block-size=1", platform.dataDirectory], { encoding: "utf8" }).split("\t")[0]);
}

/** Of control and of all children that it waited for (proc(5): a parent's counters take in those of reaped children). */
function controlIo(platform: Platform): { throughCalls: number; toDisk: number } {
  const text = readFileSync(`/proc/${platform.pid("control")}/io`, "utf8");
  const field = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, "m").exec(text)?.[1] ?? 0);
  return { throughCalls: field("rchar") + field("wchar"), toDisk: field("read_bytes") + field("write_bytes") };
}

function results(samples: { small: readonly Sample[]; large: readonly Sample[] }): readonly BenchResult[] {
  const of = (list: readonly Sample[], pick: (sample: Sample) => number) => median(list.map(pick));
  const small = of(samples.small, (sample) => sample.durationMs);
  const large = of(samples.large, (sample) => sample.durationMs);
  const megabytes = (name: string, pick: (sample: Sample) => number, budget: string | null): BenchResult => ({
    name,
    value: of(samples.large, pick) / 1e6,
    unit: "MB",
    ratio: ratio(of(samples.large, pick), of(samples.small, pick)),
    against: "the small repository",
    budget,
  });
  return [
    {
      name: "push until the new version answers, 100 MB repository",
      value: large,
      unit: "ms",
      ratio: ratio(large, small),
      against: "the small repository",
      budget: "<= 1.2x",
    },
    { name: "the same, small repository", value: small, unit: "ms", ratio: null, against: null, budget: null },
    megabytes("disk a deploy takes (data directory)", (sample) => sample.diskBytes, "< 1 MB"),
    megabytes("read and written by control and its git children (rchar + wchar)", (sample) => sample.throughCalls, "< 5 MB"),
    megabytes("of it to and from the disk (read_bytes + write_bytes)", (sample) => sample.toDisk, null),
  ];
}
