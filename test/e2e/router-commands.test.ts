/** `routes`, `router:status`, `router:restart` through the real door. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { givenLoad } from "../support/constant-load.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";

const SERVER = `require("node:http").createServer((request, response) => response.end("hello")).listen(process.env.PORT);`;

describe("The router", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await givenPlatform();
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
    expect((await platform.ssh("audit")).stdout).toContain("router:restart");
  });
});
