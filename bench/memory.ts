/** What Pushboat itself takes: proportional memory of its processes after work, and what an instance more costs. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { loadFor } from "../test/support/constant-load.ts";
import { givenPlatform, type Platform } from "../test/support/platform.ts";
import type { BenchContext, Benchmark } from "./benchmark.ts";
import { mustPush } from "./deploy.ts";
import type { BenchResult } from "./result.ts";

const DEPLOYS = 20;
const LOAD = { ratePerSecond: 400, durationMs: 15_000 };
const REST_MS = 60_000;
const INSTANCES = 20;

export const memory: Benchmark = {
  name: "memory",
  title: `PSS of all of Pushboat's processes ${REST_MS / 1000} s after ${DEPLOYS} deploys and ${LOAD.durationMs / 1000} s of load; then what ${INSTANCES} idle instances cost beside the app itself.`,
  run: runMemory,
};

async function runMemory(context: BenchContext): Promise<readonly BenchResult[]> {
  const platform = await givenPlatform();
  try {
    const working = await platform.givenApp("express-hello");
    for (let deploy = 1; deploy <= DEPLOYS; deploy++) {
      working.write("version.js", `export default "deploy ${deploy}";\n`);
      await mustPush(working);
    }
    context.say(`${DEPLOYS} deploys done`);
    const load = await loadFor(
      { port: platform.ports.http, host: working.host, path: "/", ratePerSecond: LOAD.ratePerSecond },
      LOAD.durationMs,
    );
    context.say(`${load.requests} requests, ${load.failed} failed; resting ${REST_MS / 1000} s`);
    await sleep(REST_MS);
    const own = ownProcesses(platform);
    const parts = own.map(
      ({ name, pssKb }): BenchResult => ({
        name: `of it: ${name}`,
        value: pssKb / 1024,
        unit: "MB",
        ratio: null,
        against: null,
        budget: null,
      }),
    );
    const total = own.reduce((sum, { pssKb }) => sum + pssKb, 0) / 1024;
    const all: BenchResult = { name: "all of Pushboat, PSS", value: total, unit: "MB", ratio: null, against: null, budget: "<= 200 MB" };
    return [all, ...parts, ...(await instanceCost(context, platform))];
  } finally {
    await platform.stop();
  }
}

/** A worker that only sleeps, so that what is measured is the container and its monitor, not the app. */
async function instanceCost(context: BenchContext, platform: Platform): Promise<readonly BenchResult[]> {
  const server = "require('node:http').createServer((q, s) => s.end('ok')).listen(process.env.PORT);";
  const sleeper = await platform.givenApp(
    {
      "package.json": JSON.stringify({ name: "sleeper", private: true, engines: { node: "24.x" } }),
      "server.js": server,
      Procfile: "web: node server.js\nworker: exec sleep infinity\n",
    },
    { app: "sleeper" },
  );
  await mustPush(sleeper);
  await mustScale(platform, "worker=1");
  await sleep(3000);
  const before = { monitors: monitors(platform), available: availableKb() };
  await mustScale(platform, `worker=${INSTANCES + 1}`);
  await sleep(3000);
  const after = { monitors: monitors(platform), available: availableKb() };
  context.say(`${INSTANCES} instances more`);
  const each = (kb: number) => kb / 1024 / INSTANCES;
  return [
    {
      name: "an instance more: PSS of monitor, init and sleep",
      value: each(after.monitors - before.monitors),
      unit: "MB",
      ratio: null,
      against: null,
      budget: "<= 0.8 MB",
    },
    {
      name: "an instance more: MemAvailable",
      value: each(before.available - after.available),
      unit: "MB",
      ratio: null,
      against: null,
      budget: "<= 1.5 MB",
    },
  ];
}

async function mustScale(platform: Platform, change: string): Promise<void> {
  const scaled = await platform.ssh(`ps:scale sleeper ${change}`);
  if (scaled.code !== 0) throw new Error(`ps:scale failed:\n${scaled.output}`);
}

interface OwnProcess {
  readonly name: string;
  readonly pssKb: number;
}

/** What the launcher's loop recorded (control, router, redis) with all their children, and the loop itself. */
function ownProcesses(platform: Platform): readonly OwnProcess[] {
  const names = readdirSync(`${platform.runDirectory}/processes`);
  const recorded = names.map((name) => ({
    name,
    pid: Number(readFileSync(`${platform.runDirectory}/processes/${name}`, "utf8").split(" ")[0]),
  }));
  const parents = [...new Set(recorded.map(({ pid }) => parentOf(pid)))].filter(
    (pid) => pid > 1 && !recorded.some((one) => one.pid === pid),
  );
  const all = [...recorded, ...parents.map((pid) => ({ name: "supervisor loop", pid }))];
  return all.map(({ name, pid }) => ({
    name,
    pssKb: withChildren(pid, new Set(all.filter((one) => one.pid !== pid).map((one) => one.pid))),
  }));
}

function withChildren(pid: number, others: ReadonlySet<number>): number {
  const children = processIds().filter((candidate) => !others.has(candidate) && parentOf(candidate) === pid);
  return pss(pid) + children.reduce((sum, child) => sum + withChildren(child, others), 0);
}

/** conmon, init and the sleeping process of every sleeping worker. */
function monitors(platform: Platform): number {
  const ours = processIds().filter((pid) => new RegExp(`conmon.*${platform.platformId}`).test(commandLine(pid)));
  const sleeping = processIds().filter((pid) => /sleep infinity/.test(commandLine(pid)));
  return [...new Set([...ours, ...sleeping])].reduce((sum, pid) => sum + pss(pid), 0);
}

function processIds(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function commandLine(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function pss(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
}

function availableKb(): number {
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(read("/proc/meminfo"))?.[1] ?? 0);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // a process that ended meanwhile
  }
}
