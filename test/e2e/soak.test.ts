/** Deploys, scalings and restarts on and on: nothing grows. SOAK_INSTANCES=100 SOAK_MINUTES=10 is the long form (docs/reliability.md). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kernelObjects } from "../support/chaos/kernel-objects.ts";
import { eventually } from "../support/eventually.ts";
import { footprints } from "../support/own-footprint.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

const INSTANCES = Number(process.env["SOAK_INSTANCES"] ?? 5);
const MINUTES = Number(process.env["SOAK_MINUTES"] ?? 0);
const LEAST_ROUNDS = 6;
/** Caches fill, code is compiled: measured from here on. */
const WARM_UP_ROUNDS = 3;
/** A heap that has not been collected; over the long form growth would be a multiple of that. */
const MEMORY_SLACK_MEGABYTES = 40;
/** Connections to hooks, git, clients that are just closing. */
const DESCRIPTOR_SLACK = 12;
const TIMEOUT_MS = (MINUTES + 10) * 60_000;

describe(`a platform with ${INSTANCES} instances`, () => {
  let platform: Platform;
  let app: WorkingCopy;
  beforeAll(async () => {
    const settings = { PUSHBOAT_DRAIN_TIMEOUT_MS: "500", PUSHBOAT_STOP_TIMEOUT_MS: "1000", PUSHBOAT_RELEASES_KEPT: "2" };
    platform = await givenPlatform({ settings });
    const crowd = await platform.givenApp(tinyApp("crowd", { Procfile: "web: node server.js\nworker: exec sleep 1000000\n" }), {
      app: "crowd",
    });
    await crowd.mustPush();
    const scaled = await platform.ssh(`ps:scale crowd worker=${INSTANCES - 2}:64mb --force`, { timeoutMs: 300_000 });
    if (scaled.code !== 0) throw new Error(scaled.output);
    app = await platform.givenApp(tinyApp("soak"), { app: "soak" });
    await app.mustPush();
  }, TIMEOUT_MS);
  afterAll(() => platform?.stop(), TIMEOUT_MS);

  it("holds no more memory, descriptors or kernel objects after many deploys, scalings and restarts", { timeout: TIMEOUT_MS }, async () => {
    for (let round = 1; round <= WARM_UP_ROUNDS; round += 1) await change(round);
    const [objects, before] = [await settledObjects(), footprints(platform)];
    const endMs = performance.now() + MINUTES * 60_000;
    let rounds = 0;
    while (rounds < LEAST_ROUNDS || performance.now() < endMs) await change(WARM_UP_ROUNDS + ++rounds);
    await eventually(
      "as many kernel objects as before",
      async () => JSON.stringify(await kernelObjects(platform)) === JSON.stringify(objects),
      60_000,
    );
    const after = footprints(platform);
    process.stdout.write(`soak: ${INSTANCES} instances, ${rounds} rounds: ${JSON.stringify({ before, after, objects })}\n`);
    for (const name of ["control", "router", "redis"] as const) {
      expect(after[name].memoryMegabytes, name).toBeLessThan(before[name].memoryMegabytes + MEMORY_SLACK_MEGABYTES);
      expect(after[name].descriptors, name).toBeLessThan(before[name].descriptors + DESCRIPTOR_SLACK);
    }
  });

  async function change(round: number): Promise<void> {
    app.write("text.js", `module.exports = "round ${round}";\n`);
    await app.mustPush();
    await platform.expectHost(app.host).toAnswer(`round ${round}`);
    for (const command of ["ps:scale soak web=2", "ps:restart soak", "ps:scale soak web=1", `config:set soak ROUND=${round}`]) {
      const done = await platform.ssh(command);
      if (done.code !== 0) throw new Error(`${command} failed:\n${done.output}`);
    }
  }

  /** What drains and is removed takes its time. */
  async function settledObjects() {
    let last = "";
    return await eventually(
      "nothing changes",
      async () => {
        const now = await kernelObjects(platform);
        const same = JSON.stringify(now) === last;
        last = JSON.stringify(now);
        await new Promise((resolve) => setTimeout(resolve, 2500));
        return same ? now : false;
      },
      60_000,
    );
  }
});
