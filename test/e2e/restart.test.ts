/** What `restart`, `down` and `up` do to an app that runs. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { givenLoad } from "../support/constant-load.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";

/** Answers a text that is its process's alone. */
const SERVER = `
const life = "life " + require("node:crypto").randomUUID();
require("node:http").createServer((request, response) => response.end(life)).listen(process.env.PORT);
`;

describe("A running app", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await givenPlatform();
    const pushed = await (await platform.givenApp(tinyApp("", { "server.js": SERVER }), { app: "blog" })).push();
    if (pushed.code !== 0) throw new Error(pushed.output);
  });
  afterAll(() => platform?.stop());

  const life = async () => (await platform.expectHost("blog.localhost").toAnswer(/^life [0-9a-f-]{36}$/)).body;

  it("is not touched by restart, and no request to it fails, while restart replaces only the platform's own processes", async () => {
    const before = await life();
    const control = platform.pid("control");
    const router = platform.pid("router");
    const load = givenLoad({ port: platform.ports.http, host: "blog.localhost", path: "/", ratePerSecond: 100 });
    const restarted = await platform.pushboat(["restart"]);
    expect(restarted.output).toContain("Pushboat was restarted.");
    const report = await load.end();
    // Slow ones are the machine's: three Node processes start at once.
    expect(report.failures.filter((failure) => !/ \d+ ms$/.test(failure))).toEqual([]);
    expect(report.requests).toBeGreaterThan(10); // a restart may take less than a second
    expect(platform.pid("router")).not.toBe(router);
    expect(platform.pid("control")).not.toBe(control);
    expect(await life()).toBe(before);
  });

  it("ends with down and is brought back by up", async () => {
    const before = await life();
    expect((await platform.pushboat(["down"])).code).toBe(0);
    expect((await platform.pushboat(["up", "--detach"])).code).toBe(0);
    expect(await life()).not.toBe(before);
  });
});
