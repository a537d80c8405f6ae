/** 50 environments of one app on this machine: what a branch costs in time, disk and memory, awake and asleep, and what waking takes. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FIXTURE_APPS_DIRECTORY } from "../test/support/fixture-apps.ts";
import { givenPlatform, type Platform } from "../test/support/platform.ts";
import type { WorkingCopy } from "../test/support/working-copy.ts";
import { type BenchContext, type Benchmark, ratio } from "./benchmark.ts";
import { mustPush } from "./deploy.ts";
import { untilAnswers } from "./floor/answer.ts";
import { startBareApp } from "./floor/bare-app.ts";
import { prepareLayers } from "./floor/rootfs.ts";
import type { BenchResult } from "./result.ts";
import { openSsh } from "./ssh-connection.ts";
import { median } from "./statistics.ts";

const ENVIRONMENTS = 49;
const WAKES = 7;
const SETTLE_MS = 1000;
const SEED = join(FIXTURE_APPS_DIRECTORY, "express-hello");

export const environments: Benchmark = {
  name: "environments",
  title: `${ENVIRONMENTS} branches that equal main, pushed one after the other; then asleep (stopped, frozen) and woken by a request.`,
  run: runEnvironments,
};

async function runEnvironments(context: BenchContext): Promise<readonly BenchResult[]> {
  const platform = await givenPlatform();
  try {
    const app = await platform.givenApp("express-hello", { app: "blog" });
    await mustPush(app);
    const codeOnly = await codeOnlyPushes(context, app);
    const before = { disk: diskKb(platform), memory: availableKb() };
    const pushes: number[] = [];
    for (let number = 1; number <= ENVIRONMENTS; number += 1) {
      const pushed = await app.git(["push", "pushboat", `HEAD:refs/heads/branch-${number}`]);
      if (pushed.code !== 0) throw new Error(`the push of branch ${number} failed:\n${pushed.output}`);
      pushes.push(pushed.durationMs);
      if (number % 10 === 0) context.say(`${number} branches`);
    }
    const awake = { disk: diskKb(platform), memory: availableKb() };
    const stopped = await asleep(platform, context, "stop");
    const memoryStopped = availableKb();
    const frozen = await asleep(platform, context, "freeze");
    const boots = await bareBoots();
    const each = (kb: number): number => kb / 1024 / ENVIRONMENTS;
    return [
      row("first push of a branch that equals main", median(pushes), "ms", median(codeOnly), "a code-only push", "<= 1.2x"),
      row("a code-only push", median(codeOnly), "ms"),
      row("disk of a branch", each(awake.disk - before.disk), "MB", null, null, "< 1 MB"),
      row("memory of a branch, awake (MemAvailable, with its app)", each(before.memory - awake.memory), "MB"),
      row("memory of a branch, stopped", each(before.memory - memoryStopped), "MB"),
      row("wake from stop until the answer", median(stopped), "ms", median(boots), "the app's own boot on the host", "<= 1.3x"),
      row("the app's own boot on the host", median(boots), "ms"),
      row("wake from freeze until the answer", median(frozen), "ms", null, null, "<= 20 ms"),
    ];
  } finally {
    await platform.stop();
  }
}

async function codeOnlyPushes(context: BenchContext, app: WorkingCopy): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 1; round <= context.rounds; round += 1) {
    app.write("version.js", `export default "round ${round}";\n`);
    const pushed = await app.push();
    if (pushed.code !== 0) throw new Error(`a push failed:\n${pushed.output}`);
    times.push(pushed.durationMs);
  }
  return times;
}

/** Puts all branches to sleep and wakes a few of them by a request each; answers what each wake took. */
async function asleep(platform: Platform, context: BenchContext, how: "stop" | "freeze"): Promise<readonly number[]> {
  const ssh = await openSsh(platform);
  const must = async (command: string): Promise<string> => {
    const done = await ssh.run(command);
    if (done.code !== 0) throw new Error(`${command} failed:\n${done.output}`);
    return done.output;
  };
  await must(`apps:set blog sleep ${how}`);
  await must("apps:set blog sleep-after 1s");
  for (;;) {
    const states = JSON.parse(await must("envs blog --json")) as { state: string }[];
    if (states.filter(({ state }) => state === "asleep").length === ENVIRONMENTS) break;
    await sleep(500);
  }
  await must("apps:set blog sleep-after never");
  ssh.close();
  context.say(`all branches sleep (${how})`);
  const wakes: number[] = [];
  for (let number = 1; number <= WAKES; number += 1) {
    await sleep(SETTLE_MS);
    const startMs = performance.now();
    const answer = await platform.http(`branch-${number}--blog.localhost`);
    wakes.push(performance.now() - startMs);
    if (answer.status !== 200) throw new Error(`branch ${number} answered ${answer.status}`);
  }
  return wakes;
}

/** The same app on the host without any container, until its first answer. */
async function bareBoots(): Promise<readonly number[]> {
  const { modules } = prepareLayers(SEED);
  const directory = mkdtempSync("/var/tmp/pushboat-bench-bare-");
  cpSync(SEED, directory, { recursive: true });
  cpSync(join(modules, "app/node_modules"), join(directory, "node_modules"), { recursive: true });
  const boots: number[] = [];
  for (let round = 1; round <= WAKES; round += 1) {
    await sleep(SETTLE_MS);
    const startMs = performance.now();
    const app = await startBareApp(directory);
    boots.push((await untilAnswers({ ip: app.ip, port: app.port, body: "hello v1" })) - startMs);
    await app.stop();
  }
  rmSync(directory, { recursive: true });
  return boots;
}

function row(
  name: string,
  value: number,
  unit: string,
  other: number | null = null,
  against: string | null = null,
  budget: string | null = null,
): BenchResult {
  return { name, value, unit, ratio: other === null ? null : ratio(value, other), against, budget };
}

function diskKb(platform: Platform): number {
  return Number(execFileSync("du", ["-sk", platform.dataDirectory], { encoding: "utf8" }).split("\t")[0]);
}

function availableKb(): number {
  return Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]);
}
