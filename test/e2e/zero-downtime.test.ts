/** Deploys, config changes, scaling and rollback under constant load: not one failed request. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { givenLoad } from "../support/constant-load.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

const DEPLOYS = 5;

describe("under constant load", () => {
  let platform: Platform;
  let app: WorkingCopy;
  beforeAll(async () => {
    platform = await givenPlatform();
    app = await platform.givenApp(tinyApp("version 0"), { app: "busy" });
    await app.mustPush();
  });
  afterAll(() => platform?.stop());

  it(`fails no request during ${DEPLOYS} deploys, and shows no old version after a new one answered`, async () => {
    const load = givenLoad({ port: platform.ports.http, host: app.host, path: "/", ratePerSecond: 100 });
    for (let version = 1; version <= DEPLOYS; version++) {
      app.write("text.js", `module.exports = "version ${version}";\n`);
      await app.mustPush();
    }
    const report = await load.end();
    expect(report.failures).toEqual([]);
    expect(report.requests).toBeGreaterThan(100);
    expect(report.bodies).toEqual(Array.from({ length: DEPLOYS + 1 }, (_, version) => `version ${version}\n`));
  });

  it("fails no request during a config change, scaling up and down, a restart and a rollback", async () => {
    const load = givenLoad({ port: platform.ports.http, host: app.host, path: "/", ratePerSecond: 100 });
    for (const command of ["config:set busy A=1", "ps:scale busy web=3", "ps:scale busy web=1", "ps:restart busy", "rollback busy"]) {
      const done = await platform.ssh(command);
      expect([command, done.code]).toEqual([command, 0]);
    }
    expect((await load.end()).failures).toEqual([]);
  });

  it("lets slow requests in flight finish on the old version", async () => {
    const slow = platform.http(app.host, "/slow?ms=3000");
    await new Promise((resolve) => setTimeout(resolve, 300));
    app.write("text.js", 'module.exports = "after the slow one";\n');
    await app.mustPush();
    const answer = await slow;
    expect([answer.status, answer.body]).toEqual([200, expect.stringMatching(/^slow /)]);
    expect(answer.body).not.toContain("after the slow one");
  });
});
