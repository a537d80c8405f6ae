/** Many instances: from one to ten until all are up, against Docker and bare runc; then a hundred idle ones, and what control does meanwhile. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FIXTURE_APPS_DIRECTORY } from "../test/support/fixture-apps.ts";
import { givenPlatform, type Platform } from "../test/support/platform.ts";
import { type BenchContext, type Benchmark, ratio } from "./benchmark.ts";
import { mustPush } from "./deploy.ts";
import { startDockerPeer } from "./docker-peer.ts";
import { prepareLayers } from "./floor/rootfs.ts";
import { removeFloorCgroup, startFloorContainer } from "./floor/runc-container.ts";
import { type BenchResult, lone } from "./result.ts";
import { median } from "./statistics.ts";

const MORE = 9;
const IDLE = 100;
const IDLE_MS = 30_000;
const SETTLE_MS = 5_000;
/** USER_HZ, which the kernel has fixed at 100 for programs (proc(5)). */
const TICKS_PER_SECOND = 100;
const SLEEPER = ["/bin/sleep", "infinity"];

export const density: Benchmark = {
  name: "density",
  title: `A worker that only sleeps: ps:scale from 1 to ${MORE + 1}, until the command answers, against ${MORE} times docker run and bare runc at once; then ${IDLE} of them at rest for ${IDLE_MS / 1000} s.`,
  run: runDensity,
};

async function runDensity(context: BenchContext): Promise<readonly BenchResult[]> {
  const peers = await measurePeers(context);
  const platform = await givenPlatform();
  try {
    const sleeper = await platform.givenApp(
      {
        "package.json": JSON.stringify({ name: "sleeper", private: true, engines: { node: "24.x" } }),
        "server.js": "require('node:http').createServer((q, s) => s.end('ok')).listen(process.env.PORT);",
        Procfile: "web: node server.js\nworker: exec sleep infinity\n",
      },
      { app: "sleeper" },
    );
    await mustPush(sleeper);
    const scaled = await measureScaling(context, platform);
    return [...scaleResults(scaled, peers), ...(await measureIdle(context, platform))];
  } finally {
    await platform.stop();
  }
}

interface Peers {
  readonly runcMs: number;
  /** null: Docker cannot run here. */
  readonly dockerMs: number | null;
}

async function measurePeers(context: BenchContext): Promise<Peers> {
  const seed = join(FIXTURE_APPS_DIRECTORY, "express-hello");
  const layers = prepareLayers(seed);
  const docker = await startDockerPeer(context, layers, seed);
  const [runcMs, dockerMs] = [[] as number[], [] as number[]];
  const numbers = Array.from({ length: MORE }, (_, place) => place + 1);
  try {
    for (let round = 1; round <= context.rounds; round++) {
      const startMs = performance.now();
      const started = await Promise.all(
        numbers.map((number) =>
          startFloorContainer(context.directory, {
            id: `pbfloor-${round}-${number}`,
            number,
            layers: [layers.base, layers.node, layers.modules],
            argv: SLEEPER,
            env: [],
          }),
        ),
      );
      runcMs.push(performance.now() - startMs);
      for (const container of started) container.remove();
      if (docker === null) continue;
      const dockerStartMs = performance.now();
      const ids = await Promise.all(numbers.map(() => docker.docker.run(["run", "--detach", "app", ...SLEEPER])));
      dockerMs.push(performance.now() - dockerStartMs);
      await docker.docker.run(["rm", "--force", ...ids.map((id) => id.trim())]);
    }
  } finally {
    await docker?.close();
    removeFloorCgroup();
  }
  return { runcMs: median(runcMs), dockerMs: dockerMs.length === 0 ? null : median(dockerMs) };
}

async function measureScaling(context: BenchContext, platform: Platform): Promise<number> {
  await mustScale(platform, "worker=1:32mb");
  const samples: number[] = [];
  for (let round = 1; round <= context.rounds; round++) {
    const startMs = performance.now();
    await mustScale(platform, `worker=${MORE + 1}`);
    samples.push(performance.now() - startMs);
    context.say(`round ${round}: 1 -> ${MORE + 1} in ${samples.at(-1)?.toFixed(0)} ms`);
    await mustScale(platform, "worker=1");
    await sleep(SETTLE_MS);
  }
  return median(samples);
}

function scaleResults(scaledMs: number, { runcMs, dockerMs }: Peers): readonly BenchResult[] {
  const scaled = {
    name: `ps:scale from 1 to ${MORE + 1} until all are up (SSH and 1 s of being up included)`,
    value: scaledMs,
    unit: "ms",
  };
  const docker: readonly BenchResult[] =
    dockerMs === null
      ? [{ ...scaled, ratio: null, against: "docker run: missing, Docker could not be started here", budget: null }]
      : [
          { ...scaled, ratio: ratio(scaledMs, dockerMs), against: `${MORE} times docker run at once`, budget: null },
          lone(`peer: ${MORE} times docker run at once`, dockerMs, "ms", null),
        ];
  return [
    { ...scaled, ratio: ratio(scaledMs, runcMs), against: `${MORE} times runc at once`, budget: null },
    lone(`floor: ${MORE} times runc at once`, runcMs, "ms", null),
    ...docker,
  ];
}

async function measureIdle(context: BenchContext, platform: Platform): Promise<readonly BenchResult[]> {
  await sleep(SETTLE_MS);
  const startMs = performance.now();
  await mustScale(platform, `worker=${IDLE}`);
  const scaledMs = performance.now() - startMs;
  context.say(`${IDLE} instances up after ${(scaledMs / 1000).toFixed(1)} s; resting`);
  await sleep(SETTLE_MS);
  const control = platform.pid("control");
  const [ticks, restMs] = [cpuTicks(control), performance.now()];
  await sleep(IDLE_MS);
  const seconds = (performance.now() - restMs) / 1000;
  const percent = ((cpuTicks(control) - ticks) / TICKS_PER_SECOND / seconds) * 100;
  await mustScale(platform, "worker=1");
  return [
    lone(`control's processor time with ${IDLE} idle instances`, percent, "%", "<= 1 %"),
    lone(`${IDLE} instances until all are up`, scaledMs, "ms", null),
  ];
}

async function mustScale(platform: Platform, change: string): Promise<void> {
  const scaled = await platform.ssh(`ps:scale sleeper ${change}`, { timeoutMs: 180_000 });
  if (scaled.code !== 0) throw new Error(`ps:scale failed:\n${scaled.output}`);
}

/** utime and stime, fields 14 and 15 of /proc/PID/stat. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
