/** Operations outlive their callers: cancelled, attached to, retried, replaced by a newer push; many refs at once; dry runs. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp, tinyText } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

/** A build that takes as long as the file says, so that a test can act meanwhile. */
const SLOW_BUILD = {
  "package.json": JSON.stringify({
    name: "slow",
    private: true,
    engines: { node: "24.x" },
    scripts: { build: "node build.js", start: "node server.js" },
  }),
  "build.js":
    "const ms = Number(require('node:fs').readFileSync('build-ms', 'utf8')); console.log('building for', ms); setTimeout(() => {}, ms);\n",
  "build-ms": "0",
};

interface Deployment {
  readonly id: number;
  readonly state: string;
  readonly description: string;
  readonly reason: string | null;
}

describe("operations", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "1000", PUSHBOAT_BUILD_CONCURRENCY: "2" } });
  });
  afterAll(() => platform?.stop());

  const deployments = async (app: string): Promise<readonly Deployment[]> =>
    JSON.parse((await platform.ssh(`deploys ${app} --json`)).stdout) as Deployment[];
  const newest = async (app: string): Promise<Deployment | undefined> => (await deployments(app))[0];

  describe("of an app with a slow build", () => {
    let app: WorkingCopy;
    beforeAll(async () => {
      app = await platform.givenApp(tinyApp("one", SLOW_BUILD), { app: "slow" });
      await app.mustPush();
    });

    it("are cancelled while they build, and the pusher is told", async () => {
      app.write("build-ms", "60000");
      const pushing = app.push();
      const building = await eventually("it builds", async () => {
        const deployment = await newest("slow");
        return deployment?.state === "building" ? deployment : null;
      });
      const cancelled = await platform.ssh(`deploys:cancel ${building.id}`);
      expect(cancelled.code).toBe(0);
      const pushed = await pushing;
      expect(pushed.code).not.toBe(0);
      expect(pushed.stderr).toMatch(/remote rejected\].*cancelled/);
      expect((await newest("slow"))?.state).toBe("cancelled");
      await platform.expectHost(app.host).toAnswer("one");
    });

    it("go on when the pusher's connection ends, and can be followed by somebody else", async () => {
      for (const [path, text] of Object.entries({ ...tinyText("two"), "build-ms": "4000" })) app.write(path, text);
      const gone = app.push("main", { timeoutMs: 2500 }).catch(() => "the client was killed");
      const building = await eventually("it builds", async () => {
        const deployment = await newest("slow");
        return deployment?.state === "building" ? deployment : null;
      });
      expect(await gone).toBe("the client was killed");
      const attached = await platform.ssh(`deploys:attach ${building.id}`);
      expect(attached.code).toBe(0);
      expect(attached.output).toContain("building for 4000");
      await platform.expectHost(app.host).toAnswer("two");
      const listed = await app.git(["ls-remote", "pushboat", "refs/heads/main"]);
      expect(listed.stdout.split("\t")[0]).toBe((await app.git(["rev-parse", "HEAD"])).stdout.trim());
    });

    it("are retried when what they failed for is mended, although git has nothing to push", async () => {
      const server = "if (!process.env.NEEDED) { console.error('NEEDED is not set'); process.exit(1); }\n";
      app.write("build-ms", "0");
      app.write("server.js", `${server}require('node:http').createServer((q, s) => s.end('three')).listen(process.env.PORT);\n`);
      expect((await app.push()).code).not.toBe(0);
      const set = await platform.ssh("config:set slow NEEDED=yes");
      expect(set.code).toBe(0);
      const retried = await platform.ssh("deploys:retry slow");
      expect([retried.code, retried.stderr]).toEqual([0, expect.any(String)]);
      await platform.expectHost(app.host).toAnswer("three");
      const listed = await app.git(["ls-remote", "pushboat", "refs/heads/main"]);
      expect(listed.stdout.split("\t")[0]).toBe((await app.git(["rev-parse", "HEAD"])).stdout.trim());
    });

    it("replace a waiting push to the same ref by a newer one, and tell its pusher", async () => {
      const push = async (text: string, buildMs: string) => {
        app.write("text.js", `module.exports = "${text}";\n`);
        app.write("build-ms", buildMs);
        const commit = await app.commit(text);
        return app.git(["push", "--force", "pushboat", `${commit}:refs/heads/main`]);
      };
      const before = (await newest("slow"))?.id ?? 0;
      const started = async (count: number) => (await deployments("slow")).filter(({ id }) => id > before).length >= count;
      const first = push("first", "3000");
      await eventually("the first builds", async () => (await newest("slow"))?.state === "building");
      const second = push("second", "0");
      await eventually("the second waits", () => started(2));
      const third = push("third", "0");
      await eventually("the third waits", () => started(3));
      const outcomes = await Promise.all([first, second, third]);
      expect(outcomes[1].code).not.toBe(0);
      expect(outcomes[1].stderr).toMatch(/superseded|newer push/);
      const ref = (await app.git(["ls-remote", "pushboat", "refs/heads/main"])).stdout.split("\t")[0];
      const winner = outcomes[2].code === 0 ? "HEAD" : "HEAD~2";
      expect(ref).toBe((await app.git(["rev-parse", winner])).stdout.trim());
    });
  });

  it("do not wait for somebody else's build: a config change goes through meanwhile", async () => {
    const builder = await platform.givenApp(tinyApp("builder", { ...SLOW_BUILD, "build-ms": "5000" }), { app: "builder" });
    const quick = await platform.givenApp(tinyApp("quick"), { app: "quick" });
    await quick.mustPush();
    const pushing = builder.push();
    await eventually("it builds", async () => (await newest("builder"))?.state === "building");
    const changed = await platform.ssh("config:set quick A=1");
    expect(changed.code).toBe(0);
    expect((await newest("builder"))?.state).toBe("building");
    expect((await pushing).code).toBe(0);
  });

  it("of several branches in one push deploy production first, each with its own outcome", async () => {
    const app = await platform.givenApp(tinyApp("many"), { app: "many" });
    await app.git(["branch", "topic"]);
    const pushed = await app.git(["push", "pushboat", "topic", "main"]);
    expect(pushed.stderr).toContain("main is its production branch");
    expect(pushed.code).toBe(0);
    expect(pushed.stderr.indexOf("http://many.localhost")).toBeLessThan(pushed.stderr.indexOf("http://topic--many.localhost"));
    await platform.expectHost("topic--many.localhost").toAnswer("many");
  });

  it("take a push from a shallow clone", async () => {
    const app = await platform.givenApp(tinyApp("history"), { app: "shallow" });
    for (const text of ["a", "b", "c"]) {
      app.write("text.js", `module.exports = "${text}";\n`);
      await app.commit(text);
    }
    const clone = `${app.directory}-clone`;
    expect((await app.git(["clone", "-q", "--depth", "1", `file://${app.directory}`, clone])).code).toBe(0);
    const pushed = await platform.client.git(["push", app.remoteUrl, "HEAD:refs/heads/main"], { cwd: clone });
    expect([pushed.code, pushed.output]).toEqual([0, expect.any(String)]);
    await platform.expectHost(app.host).toAnswer("c");
  });

  it("change nothing in a dry run", async () => {
    const app = await platform.givenApp(tinyApp("live"), { app: "dry" });
    await app.mustPush();
    const releases = (await platform.ssh("releases dry --json")).stdout;
    app.write("text.js", 'module.exports = "never";\n');
    const dry = await app.push("main", { gitOptions: ["-o", "dry-run"] });
    expect(dry.stderr).toMatch(/[Dd]ry run/);
    expect((await platform.ssh("releases dry --json")).stdout).toBe(releases);
    await platform.expectHost(app.host).toAnswer("live");
    expect((await app.git(["ls-remote", "pushboat", "refs/heads/main"])).stdout).not.toContain(
      (await app.git(["rev-parse", "HEAD"])).stdout.trim(),
    );
    await app.mustPush();
    await platform.expectHost(app.host).toAnswer("never");
  });

  it("build everything again with -o no-cache", async () => {
    const app = await platform.givenApp("worker-release", { app: "uncached" });
    await app.mustPush();
    app.write("version.js", 'export default "v2";\n');
    const pushed = await app.push("main", { gitOptions: ["-o", "no-cache"] });
    expect(pushed.code).toBe(0);
    expect(pushed.stderr).toMatch(/dependencies: rebuilt: a push with no-cache is new/);
  });
});
