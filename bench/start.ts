/** Starting a container: the engine alone, against runc with the same namespaces and against Docker; then ten at once against ten bare boots. */
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Layer, parseSettings } from "../core/index.ts";
import { type ContainerSpec, createEngine, type Engine } from "../runtime/engine/index.ts";
import { FIXTURE_APPS_DIRECTORY } from "../test/support/fixture-apps.ts";
import { type BenchContext, type Benchmark, ratio } from "./benchmark.ts";
import { startDockerPeer } from "./docker-peer.ts";
import { untilAnswers } from "./floor/answer.ts";
import { startBareApp } from "./floor/bare-app.ts";
import { type FloorLayers, prepareLayers } from "./floor/rootfs.ts";
import { removeFloorCgroup, startFloorContainer } from "./floor/runc-container.ts";
import type { BenchResult } from "./result.ts";
import { median } from "./statistics.ts";

const SEED = join(FIXTURE_APPS_DIRECTORY, "express-hello");
const SETTLE_MS = 300;
const AT_ONCE = 10;
const STAMP = ["/usr/bin/date", "+%s%N"];
const SLOT = 1000;

export const start: Benchmark = {
  name: "start",
  title: `From the call until the container's first instruction (date prints the time); then ${AT_ONCE} express-hello at once until all answer.`,
  run: runStart,
};

interface Samples {
  readonly engine: number[];
  readonly floor: number[];
  readonly docker: number[];
  readonly engineTen: number[];
  readonly bareTen: number[];
}

async function runStart(context: BenchContext): Promise<readonly BenchResult[]> {
  const layers = prepareLayers(SEED);
  const app = join(context.directory, "app-layer");
  cpSync(SEED, join(app, "app"), { recursive: true });
  const bare = join(context.directory, "bare");
  cpSync(join(layers.modules, "app"), bare, { recursive: true });
  cpSync(SEED, bare, { recursive: true });
  const dataDirectory = join(context.directory, "data");
  mkdirSync(join(dataDirectory, "logs"), { recursive: true, mode: 0o711 });
  const engine = createEngine({
    settings: parseSettings({ PUSHBOAT_DATA: dataDirectory }),
    log: { warn: (_, message) => context.say(message) },
  });
  await engine.prepare();
  const docker = await startDockerPeer(context, layers, SEED);
  const samples: Samples = { engine: [], floor: [], docker: [], engineTen: [], bareTen: [] };
  const specs = createSpecs({ layers, app, logs: join(dataDirectory, "logs") });
  try {
    // The first one of each side fills caches (idmapped layers, cgroup parents) that every later one finds.
    await stampEngine(engine, specs.stamp(0));
    for (let round = 1; round <= context.rounds; round++) {
      await sleep(SETTLE_MS);
      samples.floor.push(await stampFloor(context, layers, round));
      await sleep(SETTLE_MS);
      if (docker !== null) samples.docker.push(await docker.start());
      await sleep(SETTLE_MS);
      samples.engine.push(await stampEngine(engine, specs.stamp(round)));
      await sleep(SETTLE_MS);
      samples.bareTen.push(await tenBare(bare));
      await sleep(SETTLE_MS);
      samples.engineTen.push(await tenContainers(engine, specs, round));
      context.say(
        `round ${round} of ${context.rounds}: engine ${samples.engine.at(-1)?.toFixed(0)} ms, floor ${samples.floor.at(-1)?.toFixed(0)} ms, ten ${samples.engineTen.at(-1)?.toFixed(0)} ms, ten bare ${samples.bareTen.at(-1)?.toFixed(0)} ms`,
      );
    }
  } finally {
    await docker?.close();
    await engine.teardown();
    await engine.close();
    removeFloorCgroup();
  }
  return results(samples);
}

function createSpecs({ layers, app, logs }: { readonly layers: FloorLayers; readonly app: string; readonly logs: string }) {
  const layer = (kind: Layer["kind"], directory: string): Layer => ({ id: `${kind}-bench`, kind, title: kind, directories: [directory] });
  const common = {
    slot: SLOT,
    layers: [layer("base", layers.base), layer("language", layers.node), layer("dependencies", layers.modules), layer("app", app)],
    upperDirectory: null,
    mounts: [],
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", PORT: "5000" },
    workingDirectory: "/app",
    uid: 1000,
    gid: 1000,
    network: "app",
    memoryBytes: 512 * 1024 * 1024,
    pids: 256,
    cpuShares: 1024,
    limits: { swapBytes: 0, cpus: null, openFiles: 65_536, ioWeight: null, diskBytes: 1024 ** 3 },
    labels: {},
  } as const satisfies Partial<ContainerSpec>;
  const spec = (id: string, argv: readonly string[]): ContainerSpec => ({ ...common, id, argv, logFile: join(logs, id) });
  return {
    stamp: (round: number) => spec(`bench-stamp-${round}`, STAMP),
    server: (round: number, number: number) => spec(`bench-ten-${round}-${number}`, ["/usr/local/bin/node", "server.js"]),
  };
}

async function stampEngine(engine: Engine, spec: ContainerSpec): Promise<number> {
  const startMs = Date.now();
  await engine.start(spec);
  await engine.wait(spec.id, AbortSignal.timeout(10_000));
  const stampNs = /(\d{19})\s*$/.exec(readFileSync(spec.logFile, "utf8").trim())?.[1];
  await engine.remove(spec.id);
  return Number(stampNs) / 1e6 - startMs;
}

async function stampFloor(context: BenchContext, layers: FloorLayers, round: number): Promise<number> {
  const spec = {
    id: `pbfloor-${round}`,
    number: (round % 60) + 1,
    layers: [layers.base, layers.node, layers.modules],
    argv: STAMP,
    env: [],
  };
  const startMs = Date.now();
  const container = await startFloorContainer(context.directory, spec);
  try {
    while (readFileSync(container.logFile, "utf8") === "") await sleep(1);
    return Number(readFileSync(container.logFile, "utf8").trim()) / 1e6 - startMs;
  } finally {
    container.remove();
  }
}

async function tenBare(directory: string): Promise<number> {
  const startMs = performance.now();
  const answered = Array.from({ length: AT_ONCE }, async () => {
    const app = await startBareApp(directory);
    await untilAnswers({ ip: app.ip, port: app.port, body: "hello" });
    return app;
  });
  const apps = await Promise.all(answered);
  const durationMs = performance.now() - startMs;
  await Promise.all(apps.map((app) => app.stop()));
  return durationMs;
}

async function tenContainers(engine: Engine, specs: ReturnType<typeof createSpecs>, round: number): Promise<number> {
  const startMs = performance.now();
  const answered = Array.from({ length: AT_ONCE }, async (_, number) => {
    const container = await engine.start(specs.server(round, number));
    await untilAnswers({ ip: container.ip ?? "none", port: 5000, body: "hello" });
    return container;
  });
  const containers = await Promise.all(answered);
  const durationMs = performance.now() - startMs;
  await Promise.all(containers.map((container) => engine.kill(container.id, "KILL")));
  await Promise.all(containers.map((container) => engine.remove(container.id)));
  return durationMs;
}

function results(samples: Samples): readonly BenchResult[] {
  const engine = median(samples.engine);
  const ten = median(samples.engineTen);
  const started = { name: "container start until its first instruction", value: engine, unit: "ms" };
  const lone = (name: string, values: readonly number[]): BenchResult => ({
    name,
    value: median(values),
    unit: "ms",
    ratio: null,
    against: null,
    budget: null,
  });
  const peer: readonly BenchResult[] =
    samples.docker.length === 0
      ? [{ ...started, ratio: null, against: "docker run: missing, Docker could not be started here", budget: "<= 0.3x" }]
      : [
          { ...started, ratio: ratio(engine, median(samples.docker)), against: "docker run", budget: "<= 0.3x" },
          lone("peer: docker run", samples.docker),
        ];
  return [
    { ...started, ratio: ratio(engine, median(samples.floor)), against: "floor: runc run", budget: "<= 1.5x" },
    ...peer,
    lone("floor: runc run", samples.floor),
    {
      name: `${AT_ONCE} instances at once until all answer`,
      value: ten,
      unit: "ms",
      ratio: ratio(ten, median(samples.bareTen)),
      against: `${AT_ONCE} bare boots at once`,
      budget: "<= 1.15x",
    },
    lone(`${AT_ONCE} bare boots at once`, samples.bareTen),
  ];
}
