/** doctor finds what is broken, says what mends it, and mends what is safe; a support bundle holds no secret. */
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mustRun, run } from "../support/command.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";

interface Found {
  readonly check: string;
  readonly level: string;
  readonly seen: string;
  readonly why: string | null;
  readonly mend: string | null;
}

/** Of no platform. */
const DEAD_ID = "0badc0de";

describe("A platform that is up", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await givenPlatform();
    const pushed = await (await platform.givenApp(tinyApp("hello"), { app: "blog" })).push();
    if (pushed.code !== 0) throw new Error(pushed.output);
  });
  afterAll(() => platform?.stop());

  async function doctor(...flags: string[]): Promise<{ code: number; found: readonly Found[] }> {
    const { code, stdout } = await platform.pushboat(["doctor", "--json", ...flags]);
    return { code, found: JSON.parse(stdout) as Found[] };
  }
  const of = (found: readonly Found[], check: string) => found.filter((finding) => finding.check === check);

  it("has nothing in trouble, and every check looked", async () => {
    const { code, found } = await doctor();
    expect(found.filter(({ level }) => level === "trouble" || level === "unknown")).toEqual([]);
    expect(code).toBe(0);
    for (const check of [
      "kernel",
      "user namespaces",
      "cgroups",
      "runc",
      "disk",
      "memory",
      "redis",
      "state",
      "secrets",
      "processes",
      "way out of a container",
    ])
      expect(of(found, check)[0]?.level).toBe("well");
  });

  it("is told in words, with a count", async () => {
    const told = await platform.pushboat(["doctor"]);
    expect(told.stdout).toMatch(/^ok {7}kernel: Linux/m);
    expect(told.stdout).toMatch(/\d+ checks: 0 in trouble/);
  });

  it("has a state that others may read: that is trouble, and --fix mends it", async () => {
    const state = join(platform.dataDirectory, "state.db");
    chmodSync(state, 0o644);
    const { code, found } = await doctor();
    expect(code).toBe(1);
    expect(of(found, "secrets")).toMatchObject([{ level: "trouble", mend: expect.stringContaining(`chmod 600 ${state}`) }]);
    expect((await doctor("--fix")).code).toBe(0);
    expect(statSync(state).mode & 0o777).toBe(0o600);
  });

  it("has a firewall table of a dead platform beside it: named, and taken away by --fix, its own left", async () => {
    await mustRun(["nft", "add", "table", "inet", `pushboat_${DEAD_ID}`]);
    const { found } = await doctor();
    expect(of(found, "left over")[0]?.seen).toContain(`pushboat_${DEAD_ID}`);
    await doctor("--fix");
    const { stdout } = await mustRun(["nft", "list", "tables"]);
    expect(stdout).not.toContain(DEAD_ID);
    expect(stdout).toContain(platform.platformId);
  });

  it("leaves no planted secret in a support bundle, and what helps is in it", async () => {
    const planted = { config: "plantedConfigValue42", url: "plantedUrlPassword", key: "plantedKeyBody" };
    await platform.ssh(`config:set blog QUITE_PLAIN=${planted.config}`);
    const log = join(platform.dataDirectory, "logs/platform/control.log");
    appendFileSync(
      log,
      `{"msg":"x ${planted.config} redis://u:${planted.url}@db"}\n-----BEGIN PRIVATE KEY-----\n${planted.key}\n-----END PRIVATE KEY-----\n`,
    );
    const directory = mkdtempSync("/var/tmp/pushboat-bundle-");
    const file = join(directory, "bundle.tar.gz");
    const made = await platform.pushboat(["support-bundle", "--to", file]);
    expect(made.code).toBe(0);
    expect(statSync(file).mode & 0o077).toBe(0);
    await mustRun(["tar", "-C", directory, "-xzf", file]);
    const searched = await run(["grep", "-rlE", Object.values(planted).join("|"), join(directory, "pushboat-support")]);
    expect(searched.stdout).toBe("");
    const bundle = (name: string) => readFileSync(join(directory, "pushboat-support", name), "utf8");
    expect(bundle("control.log")).toContain("[removed]");
    expect(bundle("doctor.txt")).toContain("kernel: Linux");
    expect(bundle("settings.txt")).toContain("PUSHBOAT_HTTP_PORT=");
    expect(bundle("status.json")).toContain(platform.dataDirectory);
    rmSync(directory, { recursive: true, force: true });
  });

  it("is down with a state that is damaged: both are said", async () => {
    await platform.pushboat(["down"]);
    const state = join(platform.dataDirectory, "state.db");
    const whole = readFileSync(state);
    const damaged = Buffer.from(whole);
    damaged.fill(0x5a, 4096 * 2, 4096 * 4);
    writeFileSync(state, damaged);
    const { code, found } = await doctor();
    writeFileSync(state, whole);
    expect(of(found, "processes")).toMatchObject([{ level: "warning", seen: "the platform is down" }]);
    expect(of(found, "state")[0]?.level).toBe("trouble");
    expect(code).toBe(1);
  });
});
