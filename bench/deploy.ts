/** A code-only push until the new version answers: Pushboat, the floor and Docker, one after the other in each round. */
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FIXTURE_APPS_DIRECTORY } from "../test/support/fixture-apps.ts";
import { givenPlatform, type Platform } from "../test/support/platform.ts";
import type { WorkingCopy } from "../test/support/working-copy.ts";
import { type BenchContext, type Benchmark, ratio } from "./benchmark.ts";
import { startDockerPeer } from "./docker-peer.ts";
import { untilAnswers } from "./floor/answer.ts";
import { startBareApp } from "./floor/bare-app.ts";
import { commitFile, createFloorPush, type FloorPush } from "./floor/git-push.ts";
import { type FloorLayers, prepareLayers } from "./floor/rootfs.ts";
import { removeFloorCgroup, startFloorContainer } from "./floor/runc-container.ts";
import type { BenchResult } from "./result.ts";
import { median } from "./statistics.ts";

const SEED = join(FIXTURE_APPS_DIRECTORY, "express-hello");
/** What the side before left to do (draining, removing) shall not weigh on the next one. */
const SETTLE_MS = 1000;

export const deploy: Benchmark = {
  name: "deploy",
  title:
    "Code-only push of express-hello over SSH (one line changed), from the start of `git push` until the new version answers at its URL.",
  run: runDeploy,
};

interface Samples {
  readonly pushboat: number[];
  readonly pushboatReturned: number[];
  readonly floor: number[];
  readonly floorPush: number[];
  readonly bare: number[];
  readonly docker: number[];
}

async function runDeploy(context: BenchContext): Promise<readonly BenchResult[]> {
  const layers = prepareLayers(SEED);
  const platform = await givenPlatform();
  const push = await createFloorPush(join(context.directory, "push"), SEED);
  const docker = await startDockerPeer(context, layers, SEED);
  const samples: Samples = { pushboat: [], pushboatReturned: [], floor: [], floorPush: [], bare: [], docker: [] };
  try {
    const working = await platform.givenApp("express-hello");
    await mustPush(working);
    await push.push();
    for (let round = 1; round <= context.rounds; round++) {
      const version = `round${round}`;
      await sleep(SETTLE_MS);
      await measureFloor(context, layers, push, version, round, samples);
      await sleep(SETTLE_MS);
      if (docker !== null) samples.docker.push(await docker.deploy(version));
      await sleep(SETTLE_MS);
      await measurePushboat(platform, working, version, samples);
      context.say(
        `round ${round} of ${context.rounds}: pushboat ${Math.round(samples.pushboat.at(-1) ?? 0)} ms, floor ${Math.round(samples.floor.at(-1) ?? 0)} ms`,
      );
    }
  } finally {
    push.close();
    await docker?.close();
    removeFloorCgroup();
    await platform.stop();
  }
  return results(samples);
}

export async function mustPush(working: WorkingCopy, branch = "main"): Promise<void> {
  const pushed = await working.push(branch, { timeoutMs: 600_000 });
  if (pushed.code !== 0) throw new Error(`push failed:\n${pushed.output}`);
}

async function measurePushboat(platform: Platform, working: WorkingCopy, version: string, samples: Samples): Promise<void> {
  working.write("version.js", `export default "${version}";\n`);
  await working.commit(version);
  const startMs = performance.now();
  const answered = untilAnswers({ ip: "127.0.0.1", port: platform.ports.http, host: working.host, body: `hello ${version}` });
  const pushed = await working.git(["push", "-q", "pushboat", "HEAD:refs/heads/main"]);
  if (pushed.code !== 0) throw new Error(`push failed:\n${pushed.output}`);
  samples.pushboatReturned.push(performance.now() - startMs);
  samples.pushboat.push((await answered) - startMs);
}

async function measureFloor(context: BenchContext, layers: FloorLayers, push: FloorPush, version: string, round: number, samples: Samples) {
  const app = join(context.directory, "floor-app");
  rmSync(app, { recursive: true, force: true });
  cpSync(SEED, join(app, "app"), { recursive: true });
  const changed = `export default "${version}";\n`;
  writeFileSync(join(app, "app/version.js"), changed);
  commitFile(push.workingCopy, "version.js", changed);
  const startMs = performance.now();
  samples.floorPush.push(await push.push());
  const lower = [layers.base, layers.node, layers.modules, app];
  const spec = { id: `pbfloor-${round}`, number: (round % 60) + 1, layers: lower, argv: ["node", "server.js"], env: ["PORT=5000"] };
  const container = await startFloorContainer(context.directory, spec);
  try {
    samples.floor.push((await untilAnswers({ ip: container.ip, port: 5000, body: `hello ${version}` })) - startMs);
  } finally {
    container.remove();
  }
  cpSync(join(layers.modules, "app/node_modules"), join(app, "app/node_modules"), { recursive: true });
  const bareMs = performance.now();
  const bare = await startBareApp(join(app, "app"));
  samples.bare.push((await untilAnswers({ ip: bare.ip, port: bare.port, body: `hello ${version}` })) - bareMs);
  await bare.stop();
}

function results(samples: Samples): readonly BenchResult[] {
  const pushboat = median(samples.pushboat);
  const floor = median(samples.floor);
  const against = "floor: git push + runc run + boot";
  const lone = (name: string, values: readonly number[]): BenchResult => ({
    name,
    value: median(values),
    unit: "ms",
    ratio: null,
    against: null,
    budget: null,
  });
  const answer = { name: "push until the new version answers", value: pushboat, unit: "ms" };
  const peer: readonly BenchResult[] =
    samples.docker.length === 0
      ? [{ ...answer, ratio: null, against: "docker build + docker run: missing, Docker could not be started here", budget: "<= 0.7x" }]
      : [
          { ...answer, ratio: ratio(pushboat, median(samples.docker)), against: "docker build + docker run", budget: "<= 0.7x" },
          lone("peer: docker build + docker run", samples.docker),
        ];
  return [
    { ...answer, ratio: ratio(pushboat, floor), against, budget: "<= 1.35x" },
    ...peer,
    lone("push until git returns", samples.pushboatReturned),
    lone("floor: git push + runc run + boot", samples.floor),
    lone("of it: git push to a bare repository", samples.floorPush),
    lone("the app's own boot, no container", samples.bare),
  ];
}
