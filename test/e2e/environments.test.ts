/** A branch is an environment: own host, own config, own releases; gone with the branch, and nothing of it is left. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

describe("another branch", () => {
  let platform: Platform;
  let app: WorkingCopy;
  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "1000", PUSHBOAT_STOP_TIMEOUT_MS: "3000" } });
    app = await platform.givenApp(tinyApp("production"), { app: "blog" });
    await app.mustPush();
    await platform.ssh("config:set blog PASSWORD=production-only");
  });
  afterAll(() => platform?.stop());

  it("becomes a staging environment at a host of its own, without production's config", async () => {
    app.write("text.js", 'module.exports = "staging";\n');
    const pushed = await app.mustPush("feature-x");
    expect(pushed.stderr).toContain("http://feature-x--blog.localhost");
    await platform.expectHost("feature-x--blog.localhost").toAnswer("staging");
    await platform.expectHost("blog.localhost").toAnswer("production");
    expect((await platform.http("feature-x--blog.localhost", "/env/PASSWORD")).status).toBe(404);
  });

  it("has config, releases and processes of its own", async () => {
    expect((await platform.ssh("config:set blog@feature-x COLOUR=green")).code).toBe(0);
    expect((await platform.http("feature-x--blog.localhost", "/env/COLOUR")).body).toBe("green");
    expect((await platform.http("blog.localhost", "/env/COLOUR")).status).toBe(404);
    expect((await platform.ssh("releases blog@feature-x")).stdout).toMatch(/^v2 .*COLOUR/m);
    const listed = JSON.parse((await platform.ssh("envs blog --json")).stdout) as {
      name: string;
      branch: string;
      url: string;
      release: unknown;
    }[];
    expect(listed.map(({ name }) => name).sort()).toEqual(["blog", "blog@feature-x"]);
  });

  it.each([
    ["a/b", /^http:\/\/a-b-[a-z2-7]{6}--blog\.localhost/],
    ["Ünïcode", /^http:\/\/[a-z0-9-]+-[a-z2-7]{6}--blog\.localhost/],
    ["qa", /^http:\/\/qa-[a-z2-7]{6}--blog\.localhost/],
    ["long-".repeat(20), /^http:\/\/long-[a-z0-9-]+-[a-z2-7]{6}--blog\.localhost/],
  ])("called %s gets a host label that is valid and its own", async (branch, url) => {
    await app.mustPush(branch);
    const listed = JSON.parse((await platform.ssh("envs blog --json")).stdout) as { branch: string; url: string }[];
    const found = listed.find((environment) => environment.branch === branch);
    expect(found?.url).toMatch(url);
    const label = new URL(found?.url ?? "").hostname.split(".")[0] ?? "";
    expect(label.length).toBeLessThanOrEqual(63);
    await platform.expectHost(new URL(found?.url ?? "").hostname).toAnswer("staging");
    expect((await app.git(["push", "pushboat", "--delete", branch])).code).toBe(0);
  });

  it("goes with everything when the branch is deleted", async () => {
    const running = await platform.ssh("ps blog@feature-x --json");
    const [instance] = JSON.parse(running.stdout) as { address: string }[];
    const deleted = await app.git(["push", "pushboat", "--delete", "feature-x"]);
    expect(deleted.code).toBe(0);
    expect((await app.git(["ls-remote", "pushboat"])).stdout).not.toContain("feature-x");
    expect((await platform.http("feature-x--blog.localhost")).status).toBe(404);
    expect((await platform.ssh("config blog@feature-x")).code).not.toBe(0);
    await eventually("no trace of it on the host", async () => (await traces(platform, instance?.address ?? "none")) === "");
    await platform.expectHost("blog.localhost").toAnswer("production");
  });

  it("goes with everything by envs:destroy, which asks for the name", async () => {
    await app.mustPush("throwaway");
    const refused = await platform.ssh("envs:destroy blog@throwaway --confirm blog");
    expect(refused.code).not.toBe(0);
    await platform.expectHost("throwaway--blog.localhost").toAnswer(200);
    expect((await platform.ssh("envs:destroy blog@throwaway --confirm blog@throwaway")).code).toBe(0);
    expect((await platform.http("throwaway--blog.localhost")).status).toBe(404);
    expect((await app.git(["ls-remote", "pushboat"])).stdout).not.toContain("throwaway");
  });

  it("comes back fresh when it is pushed again: v1 and no config", async () => {
    await app.mustPush("feature-x");
    expect((await platform.ssh("releases blog@feature-x")).stdout).toMatch(/^v1 /m);
    expect((await platform.http("feature-x--blog.localhost", "/env/COLOUR")).status).toBe(404);
  });

  it("takes the whole app away by apps:destroy", async () => {
    const refused = await platform.ssh("apps:destroy blog", { stdin: "wrong\n" });
    expect(refused.code).not.toBe(0);
    expect((await platform.ssh("apps:destroy blog --confirm blog")).code).toBe(0);
    expect((await platform.http("blog.localhost")).status).toBe(404);
    expect((await platform.ssh("apps")).stdout).not.toContain("blog");
    await eventually("no instance of it runs", async () => {
      const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
      return !mounts.some((line) => line.includes(platform.runDirectory) && line.includes("blog"));
    });
  });
});

/** Mounts, logs and addresses that still belong to the environment; what its last build used is swept later, like layers. */
async function traces(platform: Platform, address: string): Promise<string> {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(platform.platformId) && line.includes("feature-x"));
  const logs = await run([
    "find",
    platform.dataDirectory,
    "-name",
    "*feature-x*",
    "-not",
    "-path",
    "*/repositories/*",
    "-not",
    "-path",
    "*/images/last/*",
  ]);
  const neighbours = await run(["sh", "-c", `ip -d addr | grep -wF ${address.split(":")[0]} || true`]);
  return [...mounts, logs.stdout, neighbours.stdout].join("").trim();
}
