/** The disk of the data directory full, on a small ext4: apps serve, changes fail with that reason, and it recovers when there is space. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { givenLoad } from "../support/constant-load.ts";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { givenSmallDisk, type SmallDisk } from "../support/small-disk.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

const DISK_BYTES = 1_200_000_000;

describe("a full disk", () => {
  let disk: SmallDisk;
  let platform: Platform;
  let app: WorkingCopy;
  beforeAll(async () => {
    disk = await givenSmallDisk(DISK_BYTES);
    platform = await givenPlatform({ parentDirectory: disk.directory });
    app = await platform.givenApp(tinyApp("before"), { app: "blog" });
    await app.mustPush();
  });
  afterAll(async () => {
    disk?.empty();
    await platform?.stop();
    await disk?.unmount();
  });

  it("does not reach the running app, which logs on; a push and a change are refused with the reason; afterwards both work", async () => {
    const control = platform.pid("control");
    // The client has its repository on that disk, too: what it pushes is made before.
    app.write("text.js", 'module.exports = "after";\n');
    await app.commit();
    const load = givenLoad({ port: platform.ports.http, host: app.host, path: "/", ratePerSecond: 50 });
    await disk.fill();
    expect(disk.freeBytes()).toBeLessThan(100_000);

    for (let line = 0; line < 200; line += 1) expect((await platform.http(app.host, `/say?text=${"x".repeat(2000)}`)).status).toBe(200);
    const pushed = await app.git(["push", "pushboat", "HEAD:refs/heads/main"]);
    expect(pushed.code, pushed.output).not.toBe(0);
    expect(pushed.output).toMatch(/the server's disk is full: 0 MB are free/);
    const changed = await platform.ssh("config:set blog A=1", { timeoutMs: 60_000 });
    expect([changed.code, changed.output]).toEqual([1, expect.stringContaining("disk/full")]);
    expect((await platform.ssh("ps blog")).stdout).toContain("web.1: up");
    expect(platform.pid("control")).toBe(control);

    disk.empty();
    await platform.expectHost(app.host).toAnswer("before");
    await eventually("the push goes live", async () => (await app.push()).code === 0);
    await platform.expectHost(app.host).toAnswer("after");
    expect((await platform.ssh("config:set blog B=1")).code).toBe(0);
    const states = JSON.parse((await platform.ssh("deploys blog --json")).stdout) as { state: string }[];
    for (const { state } of states) expect(state).toMatch(/^(live|failed|cancelled|superseded)$/);
    expect((await load.end()).failures.filter((failure) => !/ \d+ ms$/.test(failure))).toEqual([]);
  });

  it("in the middle of a deploy: its pusher is told, and it ends as failed when that can be written", async () => {
    app.write("release.js", "setTimeout(() => process.exit(1), 2000);\n");
    app.write("Procfile", "web: node server.js\nrelease: node release.js\n");
    await app.commit();
    const pushing = app.git(["push", "pushboat", "HEAD:refs/heads/main"]);
    await eventually("the release command runs", async () => /"releasing"/.test((await platform.ssh("deploys blog --json")).stdout));
    await disk.fill();
    const pushed = await pushing;
    expect([pushed.code, pushed.output]).toEqual([1, expect.stringMatching(/remote rejected/)]);
    await platform.expectHost(app.host).toAnswer("after");
    disk.empty();
    await eventually("it has failed", async () => /"failed"/.test((await platform.ssh("deploys blog -n 1 --json")).stdout));
    expect((await platform.ssh("config:set blog D=1")).code).toBe(0);
  });

  it("with control killed meanwhile: the app serves on, and control is back by itself when there is space", async () => {
    const load = givenLoad({ port: platform.ports.http, host: app.host, path: "/", ratePerSecond: 50 });
    await disk.fill();
    process.kill(platform.pid("control"), "SIGKILL");
    await platform.expectHost(app.host).toAnswer("after");
    await new Promise((resolve) => setTimeout(resolve, 3000));
    disk.empty();
    await eventually("control answers", async () => (await platform.ssh("apps", { timeoutMs: 5000 })).code === 0, 60_000);
    expect((await platform.ssh("config:set blog C=1")).code).toBe(0);
    expect((await load.end()).failures.filter((failure) => !/ \d+ ms$/.test(failure))).toEqual([]);
  });
});
