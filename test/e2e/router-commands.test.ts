/** `routes`, `router:status`, `router:restart` through the real door. */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { givenLoad } from "../support/constant-load.ts";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/free-ports.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";

const SERVER = `require("node:http").createServer((request, response) => response.end("hello")).listen(process.env.PORT);`;

describe("The router", () => {
  let platform: Platform;
  let metricsPort = 0;
  beforeAll(async () => {
    [metricsPort = 0] = await freePorts(1);
    platform = await givenPlatform({ settings: { PUSHBOAT_METRICS_PORT: String(metricsPort) } });
    const pushed = await (await platform.givenApp(tinyApp("", { "server.js": SERVER }), { app: "blog" })).push();
    if (pushed.code !== 0) throw new Error(pushed.output);
  });
  afterAll(() => platform?.stop());

  const json = async (command: string) => {
    const answer = await platform.ssh(`${command} --json`);
    expect(answer.code, answer.output).toBe(0);
    return JSON.parse(answer.stdout);
  };

  it("tells which host leads where", async () => {
    const [instance] = await json("ps blog");
    expect(await json("routes")).toEqual([
      { host: "blog.localhost", environment: "blog", condition: "up", targets: [{ instance: "web.1", address: instance.address }] },
    ]);
    await platform.ssh("maintenance:on blog");
    expect((await platform.ssh("routes")).stdout).toMatch(/^blog\.localhost {2}blog {2}maintenance {2}/m);
    await platform.expectHost("blog.localhost").toAnswer(503);
    await platform.ssh("maintenance:off blog");
  });

  it("counts what it answers", async () => {
    const before = await json("router:status");
    for (let request = 0; request < 5; request++) await platform.expectHost("blog.localhost").toAnswer("hello");
    const after = await json("router:status");
    expect(after.requests - before.requests).toBeGreaterThanOrEqual(5);
    expect(after).toMatchObject({ pid: platform.pid("router"), tableVersion: expect.any(Number) });
    expect(after.uptimeMs).toBeGreaterThan(before.uptimeMs);
  });

  it("tells Prometheus of this machine what it answered, by app and class", async () => {
    for (let request = 0; request < 3; request++) await platform.expectHost("blog.localhost").toAnswer("hello");
    await platform.http("nobody.localhost");
    const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    expect(answer.headers.get("content-type")).toContain("version=0.0.4");
    const lines = (await answer.text()).trimEnd().split("\n");
    for (const line of lines) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)+\})? [\d.]+)$/);
    const value = (series: string) =>
      Number(
        lines
          .find((line) => line.startsWith(`pushboat_router_${series} `))
          ?.split(" ")
          .at(-1),
      );
    const answered = value(`requests_total{app="blog",environment="blog",code="2xx"}`);
    expect(answered).toBeGreaterThanOrEqual(3);
    expect(value(`requests_total{app="blog",environment="blog",code="5xx"}`)).toBeGreaterThanOrEqual(1); // while it was under maintenance
    expect(value(`requests_total{app="",environment="",code="4xx"}`)).toBeGreaterThanOrEqual(1);
    const all = value(`request_duration_seconds_count{app="blog",environment="blog"}`);
    expect(all).toBeGreaterThan(answered);
    expect(value(`request_duration_seconds_bucket{app="blog",environment="blog",le="+Inf"}`)).toBe(all);
    expect(value(`request_duration_seconds_sum{app="blog",environment="blog"}`)).toBeGreaterThan(0);
    expect((await fetch(`http://127.0.0.1:${metricsPort}/`)).status).toBe(404);
  });

  it("is replaced by router:restart without a failed request, twice in a row, and control stays", async () => {
    const control = platform.pid("control");
    const load = givenLoad({ port: platform.ports.http, host: "blog.localhost", path: "/", ratePerSecond: 100 });
    const pids = [platform.pid("router")];
    while (pids.length < 3) {
      const answer = await platform.ssh("router:restart --json");
      if (answer.code !== 0) {
        // The router before this one still finishes its connections.
        expect(answer.stderr).toContain("router/not-replaced");
        continue;
      }
      pids.push(JSON.parse(answer.stdout).pid);
      expect(platform.pid("router")).toBe(pids.at(-1));
    }
    const report = await load.end();
    expect(report.failures.filter((failure) => !/ \d+ ms$/.test(failure))).toEqual([]);
    expect(report.requests).toBeGreaterThan(10);
    expect(new Set(pids).size).toBe(3);
    expect(platform.pid("control")).toBe(control);
    await platform.expectHost("blog.localhost").toAnswer("hello");
    expect((await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).status).toBe(200);
    expect((await platform.ssh("audit")).stdout).toContain("router:restart");
  });

  it.each(["the new router", "the old router", "control"])(
    "router:restart in whose middle %s is killed: new connections are answered, and one router is left",
    async (dies) => {
      const old = platform.pid("router");
      const restarting = platform.ssh("router:restart");
      const next = await eventually("another router", async () => {
        const pid = platform.pid("router");
        return pid !== old ? pid : false;
      });
      process.kill({ "the new router": next, "the old router": old, control: platform.pid("control") }[dies] as number, "SIGKILL");
      const answers = await Promise.all(Array.from({ length: 20 }, () => platform.http("blog.localhost")));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      await restarting;
      await eventually("router and control answer", async () => (await platform.ssh("router:status", { timeoutMs: 5000 })).code === 0);
      await eventually("one router is left", async () => routersOf(platform).length === 1, 60_000);
      expect(routersOf(platform)).toEqual([platform.pid("router")]);
      await platform.expectHost("blog.localhost").toAnswer("hello");
    },
  );
});

function routersOf({ dataDirectory }: Platform): readonly number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => isRouterOf(pid, dataDirectory)).map(Number);
}

function isRouterOf(pid: string, dataDirectory: string): boolean {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("router/main.ts")) return false;
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`PUSHBOAT_DATA=${dataDirectory}`);
  } catch {
    return false;
  }
}
