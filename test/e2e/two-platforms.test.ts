/** Two platforms on one machine at once, and a second `up` of each. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";

describe("two platforms side by side", () => {
  let platforms: readonly Platform[] = [];
  beforeAll(async () => {
    platforms = [await givenPlatform(), await givenPlatform()];
  });
  afterAll(async () => {
    for (const platform of platforms) await platform.stop();
  });

  it("deploy an app of the same name at once, each its own", async () => {
    const apps = await Promise.all(platforms.map((platform, number) => platform.givenApp(tinyApp(`platform ${number}`), { app: "blog" })));
    const pushed = await Promise.all(apps.map((app) => app.push()));
    expect(pushed.map(({ code }) => code)).toEqual([0, 0]);
    for (const [number, platform] of platforms.entries()) await platform.expectHost("blog.localhost").toAnswer(`platform ${number}`);
  });

  it("do not know each other's keys", async () => {
    const [first, second] = platforms as [Platform, Platform];
    const stranger = await first.client.ssh(second.ports.ssh, "apps");
    expect(stranger.code).not.toBe(0);
  });

  it("say that they already run when they are started again, quickly", async () => {
    const [first] = platforms as [Platform, Platform];
    const again = await first.up();
    expect(again.code).toBe(0);
    expect(again.output).toContain("already running");
    expect(again.durationMs).toBeLessThan(5000);
  });

  it("leave the other one serving when one goes down", async () => {
    const [first, second] = platforms as [Platform, Platform];
    expect((await first.pushboat(["down"])).code).toBe(0);
    await second.expectHost("blog.localhost").toAnswer("platform 1");
    expect((await first.up()).code).toBe(0);
    await first.expectHost("blog.localhost").toAnswer("platform 0");
  });
});
