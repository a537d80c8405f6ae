/** A push that fails changes nothing: release, config, ref and answers stay as they were, and the last lines say what to do. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixtureApps } from "../support/fixture-apps.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

/** Long enough for a Node app on a busy machine, short enough for apps that never bind. */
const BOOT_TIMEOUT_MS = 10_000;

describe("a push that fails", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_BOOT_TIMEOUT_MS: String(BOOT_TIMEOUT_MS), PUSHBOAT_DRAIN_TIMEOUT_MS: "2000" } });
  });
  afterAll(() => platform?.stop());

  const failing = fixtureApps().filter((app) => app.expectation.fails !== null);
  it.each(failing)("$name is rejected in its phase and leaves the old release serving", async ({ name, directory, expectation }) => {
    const app = await platform.givenApp(tinyApp("good"), { app: name });
    await app.mustPush();
    const before = await seen(platform, app);

    await app.git(["rm", "-rq", "."]);
    await app.git(["--work-tree", directory, "add", "--all"]);
    await app.git(["commit", "-qm", "Break it"]);
    const pushed = await app.git(["push", "pushboat", "HEAD:refs/heads/main"]);

    expect(pushed.code).not.toBe(0);
    const area = expectation.fails === "plan" ? "(plan|build|procfile)" : expectation.fails;
    expect(pushed.stderr).toMatch(new RegExp(`! \\[remote rejected\\] HEAD -> main \\(${area} failed: .+\\)`));
    expect(pushed.stderr).toMatch(/v1 still serves/);
    expect(await seen(platform, app)).toEqual(before);
    await platform.expectHost(app.host).toAnswer("good");
    await platform.ssh(`apps:destroy ${app.app} --confirm ${app.app}`);
  });

  it("ends with three lines: what failed, which release serves, what to type", async () => {
    const app = await platform.givenApp(tinyApp("good"), { app: "three-lines" });
    await app.mustPush();
    app.write("server.js", "process.exit(1);\n");
    const pushed = await app.push();
    const lines = pushed.stderr.split("\n").filter((line) => line.startsWith("remote:"));
    const last = lines
      .map((line) => line.replace(/^remote: ?/, "").trimEnd())
      .filter((line) => line !== "")
      .slice(-3);
    expect(last[0]).toMatch(/three-lines failed: .*exited with code 1/);
    expect(last[1]).toMatch(/v1 still serves http:\/\/three-lines\.localhost:\d+/);
    expect(last[2]).toMatch(/deploys:attach \d+/);
  });

  it("shows what the app printed before it ended", async () => {
    const app = await platform.givenApp("failing-exit", { app: "said-why" });
    const pushed = await app.push();
    expect(pushed.code).not.toBe(0);
    expect(pushed.stderr).toContain("cannot read config: DATABASE_URL is not set");
  });

  it("leaves no ref, no release and an H81 page when the very first push fails", async () => {
    const app = await platform.givenApp("failing-build", { app: "never-lived" });
    expect((await app.push()).code).not.toBe(0);
    expect((await app.git(["ls-remote", "pushboat"])).stdout).toBe("");
    const answer = await platform.http(app.host);
    expect([answer.status, answer.body]).toEqual([404, expect.stringContaining("H81")]);
  });

  it("keeps the old config when the release command of a config change fails", async () => {
    const app = await platform.givenApp("worker-release", { app: "bad-config" });
    await app.mustPush();
    const changed = await platform.ssh("config:set bad-config MIGRATION_FAILS=yes GREETING=lost");
    expect(changed.code).toBe(1);
    expect(changed.output).toContain("table users is locked");
    expect((await platform.ssh("config:get bad-config GREETING")).stdout.trim()).toBe("");
    expect((await platform.ssh("releases bad-config")).stdout).toMatch(/^v1 .*Deploy/m);
    app.write("version.js", 'export default "v2";\n');
    await app.mustPush();
    await platform.expectHost(app.host).toAnswer("worker-release v2");
  });
});

async function seen(platform: Platform, app: WorkingCopy): Promise<Readonly<Record<string, string>>> {
  const ref = await app.git(["ls-remote", "pushboat", "refs/heads/main"]);
  const instances = await platform.ssh(`ps ${app.app} --json`);
  const running = (JSON.parse(instances.stdout) as { type: string; address: string; release: unknown }[]).map(
    (one) => `${one.type} ${one.address} ${one.release}`,
  );
  return {
    ref: ref.stdout,
    running: running.join("\n"),
    config: (await platform.ssh(`config ${app.app}`)).stdout,
    body: (await platform.http(app.host)).body,
  };
}
