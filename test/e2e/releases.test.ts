/** Releases: the release command before anything else, workers beside web, rollback to image and config, restart without a new release. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp, tinyText } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

describe("releases", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "2000" } });
  });
  afterAll(() => platform?.stop());

  describe("of an app with a worker and a release command", () => {
    let app: WorkingCopy;
    beforeAll(async () => {
      app = await platform.givenApp("worker-release", { app: "shop" });
      await platform.ssh("apps:create shop");
      await platform.ssh("config:set shop GREETING=hello");
    });

    it("shows the release command's output live, before anything was started, with the new config", async () => {
      const pushed = await app.mustPush();
      const migrated = pushed.stderr.indexOf("migrating to v1, greeting hello");
      expect(migrated).toBeGreaterThan(0);
      expect(migrated).toBeLessThan(pushed.stderr.indexOf("Starting web=1"));
      expect((await platform.ssh("releases:output shop v1")).stdout).toContain("migrating to v1, greeting hello");
    });

    it("starts only web at the first deploy, and the worker when it is scaled up", async () => {
      expect((await processes(platform, "shop")).map(({ type }) => type)).toEqual(["web"]);
      const scaled = await platform.ssh("ps:scale shop worker=2");
      expect(scaled.code).toBe(0);
      const running = await processes(platform, "shop");
      expect(running.map(({ type, index }) => `${type}.${index}`).sort()).toEqual(["web.1", "worker.1", "worker.2"]);
      await eventually("both workers write lines", async () => {
        const logs = await platform.ssh("logs shop -n 50 -p worker");
        return logs.stdout.includes("app[worker.1]: worker v1 line") && logs.stdout.includes("app[worker.2]: worker v1 line");
      });
      expect((await platform.ssh("ps:scale shop")).stdout).toMatch(/web=1.*worker=2/s);
    });

    it("replaces workers and web together and keeps their number", async () => {
      app.write("version.js", 'export default "v2";\n');
      await app.mustPush();
      await eventually("only v2 runs", async () => {
        const logs = await platform.ssh("logs shop -n 4 -p worker");
        return logs.stdout.includes("worker v2") && !logs.stdout.includes("worker v1");
      });
      expect((await processes(platform, "shop")).filter(({ type }) => type === "worker")).toHaveLength(2);
    });

    it("runs the release command again for a config change, with the new values", async () => {
      const changed = await platform.ssh("config:set shop GREETING=bye");
      expect(changed.code).toBe(0);
      expect(changed.output).toContain("migrating to v2, greeting bye");
    });

    it("scales to zero and answers H14", async () => {
      expect((await platform.ssh("ps:scale shop web=0")).code).toBe(0);
      const answer = await platform.http(app.host);
      expect([answer.status, answer.body]).toEqual([503, expect.stringContaining("H14")]);
      expect((await platform.ssh("ps:scale shop web=1")).code).toBe(0);
      await platform.expectHost(app.host).toAnswer("worker-release v2");
    });
  });

  describe("and rollback", () => {
    let app: WorkingCopy;
    beforeAll(async () => {
      app = await platform.givenApp(tinyApp("one"), { app: "rolled" });
      await app.mustPush(); // v1
      expect((await platform.ssh("config:set rolled COLOUR=red")).code).toBe(0); // v2
      Object.entries(tinyText("two")).map(([path, text]) => app.write(path, text));
      await app.mustPush(); // v3
      expect((await platform.ssh("config:set rolled COLOUR=blue ADDED=later")).code).toBe(0); // v4
    });

    it("lists them newest first with what each one was", async () => {
      const listed = (await platform.ssh("releases rolled")).stdout;
      expect([...listed.matchAll(/^v(\d+)\s/gm)].map((match) => Number(match[1]))).toEqual([4, 3, 2, 1]);
      expect(listed).toMatch(/^v4\s+Set ADDED, COLOUR config vars/m);
      expect(listed).toMatch(/^v3\s+Deploy [0-9a-f]{7}/m);
    });

    it("goes back to image and config together, as a new release, without a build", async () => {
      const rolled = await platform.ssh("rollback rolled v2");
      expect(rolled.code).toBe(0);
      expect(rolled.output).not.toMatch(/built in/);
      await platform.expectHost(app.host).toAnswer("one");
      expect((await platform.http(app.host, "/env/COLOUR")).body).toBe("red");
      expect((await platform.http(app.host, "/env/ADDED")).status).toBe(404);
      expect((await platform.ssh("releases rolled")).stdout).toMatch(/^v5\s+Rollback to v2/m);
    });

    it("goes to the release before the current one where none is named", async () => {
      expect((await platform.ssh("rollback rolled")).code).toBe(0);
      await platform.expectHost(app.host).toAnswer("two");
      expect((await platform.http(app.host, "/env/COLOUR")).body).toBe("blue");
    });

    it("refuses a release that never was", async () => {
      const refused = await platform.ssh("rollback rolled v99");
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain("v99");
    });
  });

  it("restarts with new instances and no new release", async () => {
    const app = await platform.givenApp(tinyApp("restarted"), { app: "again" });
    await app.mustPush();
    const before = await processes(platform, "again");
    expect((await platform.ssh("ps:restart again")).code).toBe(0);
    const after = await processes(platform, "again");
    expect(after.map(({ release }) => release)).toEqual(before.map(({ release }) => release));
    expect(after[0]?.address).not.toBe(before[0]?.address);
    await platform.expectHost(app.host).toAnswer("restarted");
  });
});

interface Process {
  readonly type: string;
  readonly index: number;
  readonly state: string;
  readonly release: unknown;
  readonly address: string | null;
}

/** Those that are wanted: an old one that still drains is `stopping`. */
async function processes(platform: Platform, app: string): Promise<readonly Process[]> {
  const listed = JSON.parse((await platform.ssh(`ps ${app} --json`)).stdout) as Process[];
  return listed.filter(({ state }) => state === "up");
}
