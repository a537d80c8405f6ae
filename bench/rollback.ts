/** Rollback until the old version answers, against container start + the app's own boot. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FIXTURE_APPS_DIRECTORY } from "../test/support/fixture-apps.ts";
import { givenPlatform } from "../test/support/platform.ts";
import { type BenchContext, type Benchmark, ratio } from "./benchmark.ts";
import { mustPush } from "./deploy.ts";
import { untilAnswers } from "./floor/answer.ts";
import { type FloorLayers, prepareLayers } from "./floor/rootfs.ts";
import { removeFloorCgroup, startFloorContainer } from "./floor/runc-container.ts";
import type { BenchResult } from "./result.ts";
import { openSsh } from "./ssh-connection.ts";
import { median } from "./statistics.ts";

const SEED = join(FIXTURE_APPS_DIRECTORY, "express-hello");
const SETTLE_MS = 1000;

export const rollback: Benchmark = {
  name: "rollback",
  title: "`rollback` over an SSH connection that is open already, from sending the command until the old version answers.",
  run: runRollback,
};

async function runRollback(context: BenchContext): Promise<readonly BenchResult[]> {
  const layers = prepareLayers(SEED);
  const platform = await givenPlatform();
  const samples = { pushboat: [] as number[], floor: [] as number[] };
  try {
    const working = await platform.givenApp("express-hello");
    await mustPush(working);
    working.write("version.js", 'export default "v2";\n');
    await mustPush(working);
    const connection = await openSsh(platform);
    for (let round = 1; round <= context.rounds; round++) {
      await sleep(SETTLE_MS);
      samples.floor.push(await floorStart(context, layers, round));
      await sleep(SETTLE_MS);
      const wanted = round % 2 === 1 ? "hello v1" : "hello v2";
      const startMs = performance.now();
      const answered = untilAnswers({ ip: "127.0.0.1", port: platform.ports.http, host: working.host, body: wanted });
      const done = await connection.run(`rollback ${working.app}`);
      if (done.code !== 0) throw new Error(`rollback failed:\n${done.output}`);
      samples.pushboat.push((await answered) - startMs);
      context.say(
        `round ${round} of ${context.rounds}: ${Math.round(samples.pushboat.at(-1) ?? 0)} ms, floor ${Math.round(samples.floor.at(-1) ?? 0)} ms`,
      );
    }
    connection.close();
  } finally {
    removeFloorCgroup();
    await platform.stop();
  }
  const value = median(samples.pushboat);
  const floor = median(samples.floor);
  return [
    {
      name: "rollback until the old version answers",
      value,
      unit: "ms",
      ratio: ratio(value, floor),
      against: "floor: runc run + boot",
      budget: "<= 1.2x",
    },
    { name: "floor: runc run + boot", value: floor, unit: "ms", ratio: null, against: null, budget: null },
  ];
}

async function floorStart(context: BenchContext, layers: FloorLayers, round: number): Promise<number> {
  const app = join(context.directory, "floor-app");
  rmSync(app, { recursive: true, force: true });
  cpSync(SEED, join(app, "app"), { recursive: true });
  const startMs = performance.now();
  const spec = {
    id: `pbfloor-${round}`,
    number: (round % 60) + 1,
    layers: [layers.base, layers.node, layers.modules, app],
    argv: ["node", "server.js"],
    env: ["PORT=5000"],
  };
  const container = await startFloorContainer(context.directory, spec);
  try {
    return (await untilAnswers({ ip: container.ip, port: 5000, body: "hello v1" })) - startMs;
  } finally {
    container.remove();
  }
}
