/** What Pushboat's own deaths do: to apps nothing, to operations what the commit point says. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../support/command.ts";
import { givenLoad } from "../support/constant-load.ts";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform, type ProcessName } from "../support/platform.ts";
import { reboot } from "../support/reboot.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

/** Slow enough to be killed in. */
const SLOW_RELEASE = {
  Procfile: "web: node server.js\nrelease: node release.js\n",
  "release.js": "setTimeout(() => console.log('released'), Number(process.env.RELEASE_MS ?? 0));\n",
};

describe("killing Pushboat's own processes", () => {
  let platform: Platform;
  let app: WorkingCopy;
  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "1000", PUSHBOAT_STOP_TIMEOUT_MS: "2000" } });
    app = await platform.givenApp(tinyApp("one", SLOW_RELEASE), { app: "blog" });
    await app.mustPush();
  });
  afterAll(() => platform?.stop());

  it("control: instances are adopted with the same process and start time, and no request fails", async () => {
    const before = await appProcess(platform);
    const load = givenLoad({ port: platform.ports.http, host: app.host, path: "/", ratePerSecond: 50 });
    await kill(platform, "control");
    await untilAnswering(platform);
    expect((await load.end()).failures).toEqual([]);
    expect(await appProcess(platform)).toEqual(before);
  });

  it("control in the middle of a release command: the deployment is undone, everything is as before", async () => {
    expect((await platform.ssh("config:set blog RELEASE_MS=4000")).code).toBe(0);
    const before = {
      ref: (await app.git(["ls-remote", "pushboat"])).stdout,
      releases: await currentRelease(platform),
      process: await appProcess(platform),
    };
    app.write("text.js", 'module.exports = "undone";\n');
    const pushing = app.push();
    await eventually(
      "the release command runs",
      async () => (await run(["sh", "-c", "ps -eo args | grep -c '[n]ode release.js'"])).stdout.trim() !== "0",
    );
    await kill(platform, "control");
    expect((await pushing).code).not.toBe(0);
    await untilAnswering(platform);
    await eventually("the deployment is marked failed", async () =>
      /failed/.test((await platform.ssh("deploys blog")).stdout.split("\n").slice(0, 3).join("\n")),
    );
    expect({
      ref: (await app.git(["ls-remote", "pushboat"])).stdout,
      releases: await currentRelease(platform),
      process: await appProcess(platform),
    }).toEqual(before);
    await platform.expectHost(app.host).toAnswer("one");
    await eventually(
      "no release container is left",
      async () => (await run(["sh", "-c", "ps -eo args | grep -c '[n]ode release.js'"])).stdout.trim() === "0",
    );
    expect((await platform.ssh("config:set blog RELEASE_MS=0")).code).toBe(0);
  });

  it("control behind the commit point: the deployment is rolled forward, ref and all", async () => {
    // A router that does not answer holds a deployment between its commit and its being live.
    const router = platform.pid("router");
    process.kill(router, "SIGSTOP");
    app.write("text.js", 'module.exports = "rolled forward";\n');
    const commit = await app.commit();
    const pushing = app.push();
    try {
      await eventually("the deployment is committed", async () => (await newestState(platform)) === "committed");
      await kill(platform, "control");
    } finally {
      process.kill(router, "SIGCONT");
    }
    await pushing;
    await untilAnswering(platform);
    await eventually("the deployment is live", async () => (await newestState(platform)) === "live");
    expect((await app.git(["ls-remote", "pushboat", "refs/heads/main"])).stdout.split("\t")[0]).toBe(commit);
    await platform.expectHost(app.host).toAnswer("rolled forward");
  });

  it("control at random moments of a push: ref, release and answer always agree afterwards, and the next push works", async () => {
    for (const [attempt, delayMs] of [60, 120, 200, 300, 400, 550, 700, 900].entries()) {
      const text = `attempt ${attempt}`;
      const before = (await platform.http(app.host)).body.trim();
      app.write("text.js", `module.exports = "${text}";\n`);
      const commit = await app.commit(text);
      const pushing = app.push();
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await kill(platform, "control");
      await pushing;
      await untilAnswering(platform);
      const seen = await eventually("nothing is under way", async () => {
        const newest = (await platform.ssh("deploys blog --json")).stdout;
        if (newest === "" || /"(queued|building|built|releasing|committed)"/.test(newest)) return false;
        const listed = await app.git(["ls-remote", "pushboat", "refs/heads/main"]);
        return listed.code === 0 ? { ref: listed.stdout.split("\t")[0] } : false;
      });
      const isNew = seen.ref === commit;
      await platform.expectHost(app.host).toAnswer(isNew ? text : before, { withinMs: 5000 });
    }
    app.write("text.js", 'module.exports = "recovered";\n');
    await app.mustPush();
    await platform.expectHost(app.host).toAnswer("recovered");
  });

  it("Redis during a queue of pushes: nothing is lost", async () => {
    const others = await Promise.all(
      [1, 2, 3].map((number) => platform.givenApp(tinyApp(`app ${number}`, SLOW_RELEASE), { app: `queued-${number}` })),
    );
    const pushes = others.map((other) => other.push());
    await new Promise((resolve) => setTimeout(resolve, 300));
    await kill(platform, "redis");
    await new Promise((resolve) => setTimeout(resolve, 500));
    const socket = `${platform.runDirectory}/redis/redis.sock`;
    await eventually("Redis is back", async () => (await run(["redis-cli", "-s", socket, "ping"])).stdout.includes("PONG"));
    await run(["redis-cli", "-s", socket, "flushall"]);
    const pushed = await Promise.all(pushes);
    expect(pushed.map(({ code, output }) => (code === 0 ? 0 : output))).toEqual([0, 0, 0]);
    for (const [index, other] of others.entries()) await platform.expectHost(other.host).toAnswer(`app ${index + 1}`);
  });

  it("control and Redis both: the router serves on", async () => {
    const load = givenLoad({ port: platform.ports.http, host: app.host, path: "/", ratePerSecond: 50 });
    await kill(platform, "redis");
    await kill(platform, "control");
    await platform.expectHost(app.host).toAnswer(200, { withinMs: 200 });
    await untilAnswering(platform);
    expect((await load.end()).failures).toEqual([]);
  });

  it("the router: connections that come while there is none wait for the next one, and none is refused", async () => {
    const router = platform.pid("router");
    const load = givenLoad({ port: platform.ports.http, host: app.host, path: "/", ratePerSecond: 50 });
    await kill(platform, "router");
    const answers = await Promise.all(Array.from({ length: 50 }, () => platform.http(app.host)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(platform.pid("router")).not.toBe(router);
    // What the dead one had in hand breaks: it was killed. A new connection is only slower.
    const failures = (await load.end()).failures.filter((failure) => !/ \d+ ms$/.test(failure));
    expect(failures.filter((failure) => failure.includes("ECONNREFUSED"))).toEqual([]);
    expect(failures.length).toBeLessThan(10);
  });

  it("the supervisor and then the router: what took the connections over from the router is the next supervisor", async () => {
    const record = readFileSync(`${platform.runDirectory}/processes/supervisor`, "utf8");
    process.kill(Number(record.split(" ")[0]), "SIGKILL");
    await platform.expectHost(app.host).toAnswer(200);
    expect((await platform.up()).code).toBe(0);
    const router = platform.pid("router");
    await kill(platform, "router");
    const answers = await Promise.all(Array.from({ length: 20 }, () => platform.http(app.host)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(platform.pid("router")).not.toBe(router);
  });

  it("an app's process: it is started again by the restart policy", async () => {
    const before = await appProcess(platform);
    await platform.http(app.host, "/exit");
    await eventually(
      "a new process answers",
      async () => (await appProcess(platform)) !== before && (await platform.http(app.host)).status === 200,
    );
    expect((await platform.ssh("logs blog -n 100")).stdout).toMatch(/exited with code 7/);
  });

  it("a second control on the same data directory refuses to start, and the first does not notice", async () => {
    const first = platform.pid("control");
    const environment = readFileSync(`/proc/${first}/environ`, "utf8").split("\0").filter(Boolean);
    const argv = readFileSync(`/proc/${first}/cmdline`, "utf8").split("\0").filter(Boolean);
    const second = await run(["env", "-i", ...environment, ...argv], { timeoutMs: 60_000 });
    expect([second.code, second.output]).toEqual([1, expect.stringContaining("is in use by another process")]);
    expect(platform.pid("control")).toBe(first);
    expect((await platform.ssh("config:set blog SECOND=refused")).code).toBe(0);
    await platform.expectHost(app.host).toAnswer(200);
  });

  it("an answer that never ends, of an app that then ignores TERM, does not hold its old instance longer than the times for both", async () => {
    const hanging = platform.http(app.host, "/slow?ms=600000").catch((error: Error) => error.message);
    const before = await appProcess(platform);
    app.write("text.js", 'module.exports = "behind the drain";\n');
    await app.mustPush();
    await platform.expectHost(app.host).toAnswer("behind the drain");
    const old = before.match(/\d+ \d+$/gm) ?? [];
    expect(old.length).toBeGreaterThan(0);
    await eventually("the old instance is gone", async () => {
      const now = await appProcess(platform);
      return !old.some((process) => now.includes(process));
    });
    expect(await hanging).not.toMatchObject({ status: 200 });
  });

  it("everything at once, like a reboot: up brings the apps back", async () => {
    const answer = (await platform.http(app.host)).body;
    await reboot(platform);
    const up = await platform.up();
    expect([up.code, up.output]).toEqual([0, expect.any(String)]);
    await platform.expectHost(app.host).toAnswer(answer.trim());
    await platform.expectHost("queued-2.localhost").toAnswer("app 2");
    app.write("text.js", 'module.exports = "after the reboot";\n');
    await app.mustPush();
  });
});

async function kill(platform: Platform, name: ProcessName): Promise<void> {
  process.kill(platform.pid(name), "SIGKILL");
}

async function untilAnswering(platform: Platform): Promise<void> {
  await eventually("control answers again", async () => (await platform.ssh("apps", { timeoutMs: 5000 })).code === 0);
}

async function newestState(platform: Platform): Promise<string | undefined> {
  const deployments = JSON.parse((await platform.ssh("deploys blog --json")).stdout) as { state: string }[];
  return deployments[0]?.state;
}

/** Address, process id and start time of the app's web instance; other platforms of this machine may run an app of that name, too. */
async function appProcess(platform: Platform): Promise<string> {
  const listed = JSON.parse((await platform.ssh("ps blog --json")).stdout) as { state: string; address: string }[];
  const instance = listed.find(({ state }) => state === "up");
  const ours = `grep -q ${platform.platformId} /proc/$p/cgroup && tr '\\0' '\\n' < /proc/$p/environ | grep -q PUSHBOAT_APP=blog`;
  const found = await run([
    "sh",
    "-c",
    `for p in $(pgrep -f 'node server.js'); do ${ours} && cut -d' ' -f1,22 /proc/$p/stat; done 2>/dev/null`,
  ]);
  return `${instance?.address} ${found.stdout.trim()}`;
}

async function currentRelease(platform: Platform): Promise<string> {
  const listed = (await platform.ssh("releases blog --json")).stdout;
  const releases = JSON.parse(listed) as { number?: number; version?: string; state: string }[];
  return JSON.stringify(releases.filter(({ state }) => state === "current"));
}
