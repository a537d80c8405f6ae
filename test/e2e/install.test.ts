/** install, upgrade, the way back, uninstall: with the released version of before, a real service directory, and an app under load. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mustRun, run } from "../support/command.ts";
import { givenLoad } from "../support/constant-load.ts";
import { givenPlatform, LAUNCHER, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";

const ROOT = join(import.meta.dirname, "../..");
/** CHANGELOG.md names it: the version that people upgrade from. */
const RELEASED_COMMIT = /^## 0\.1\.0 .*\(([0-9a-f]{7,40})\)/m.exec(readFileSync(join(ROOT, "CHANGELOG.md"), "utf8"))?.[1] as string;
const TRUSTING_GIT = "git -c safe.directory='*'";
/** Answers a text that is its process's alone. */
const SERVER = `
const life = "life " + require("node:crypto").randomUUID();
require("node:http").createServer((request, response) => response.end(life)).listen(process.env.PORT);
`;

describe("An installed Pushboat", () => {
  let directory: string;
  let platform: Platform;
  beforeAll(async () => {
    directory = mkdtempSync("/var/tmp/pushboat-versions-");
    const released = await givenReleased();
    platform = await givenPlatform({ settings: { PUSHBOAT_START_TIMEOUT_MS: "15000" }, installFrom: released });
    const pushed = await (await platform.givenApp(tinyApp("", { "server.js": SERVER }), { app: "blog" })).push();
    if (pushed.code !== 0) throw new Error(pushed.output);
  });
  afterAll(async () => {
    await platform?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** A tree of Pushboat without a repository: this one, or the commit's; `change` is what is different in it. */
  async function givenSource(name: string, change: (source: string) => void = () => {}, commit?: string): Promise<string> {
    const source = join(directory, name);
    mkdirSync(source);
    const tree =
      commit === undefined
        ? `tar -C ${ROOT} --exclude=./node_modules --exclude=./.git -c .`
        : `${TRUSTING_GIT} -C ${ROOT} archive ${commit}`;
    await mustRun(["bash", "-c", `set -o pipefail; ${tree} | tar -x -C ${source}`]);
    await mustRun(["cp", "-al", join(ROOT, "node_modules"), source]);
    change(source);
    return source;
  }

  /** A checkout without history has no version of before: there it is this one under another number. */
  async function givenReleased(): Promise<string> {
    const known = await run(["bash", "-c", `${TRUSTING_GIT} -C ${ROOT} cat-file -e ${RELEASED_COMMIT}^{commit}`]);
    if (known.code === 0) return givenSource("released", undefined, RELEASED_COMMIT);
    return givenSource("released", (source) => {
      const manifest = join(source, "package.json");
      writeFileSync(manifest, readFileSync(manifest, "utf8").replace(/"version": "[^"]*"/, '"version": "0.1.0"'));
    });
  }

  const prefix = () => `/opt/pushboat-${platform.platformId}`;
  const unit = () => `/etc/systemd/system/pushboat-${platform.platformId}.service`;
  const current = () => basename(readlinkSync(join(prefix(), "current")));
  const life = async () => (await platform.expectHost("blog.localhost").toAnswer(/^life [0-9a-f-]{36}$/)).body;
  const checkout = () => readFileSync(join(platform.runDirectory, "checkout"), "utf8").trim();

  it("runs from a versioned directory of its own", () => {
    expect(current()).toMatch(/^0\.1\.0-[0-9a-f]{12}$/);
    expect(checkout()).toBe(join(prefix(), "versions", current()));
  });

  it("has a unit that systemd finds nothing to say about, with the apps safe from it", async () => {
    const verified = await run(["systemd-analyze", "verify", unit()]);
    expect(verified.output).toBe("");
    expect(verified.code).toBe(0);
    const text = readFileSync(unit(), "utf8");
    for (const line of ["KillMode=process", "Delegate=yes", "Restart=on-failure", "StartLimitBurst=5", "Type=notify"])
      expect(text).toContain(line);
    expect(text).toContain(`ExecStart=${prefix()}/current/pushboat up --data ${platform.dataDirectory}`);
  });

  it.skipIf(existsSync("/run/systemd/system"))("has an init script where no systemd runs, which starts and stops it", async () => {
    const script = `/etc/init.d/pushboat-${platform.platformId}`;
    expect((await run([script, "status"])).code).toBe(0);
    expect((await run([script, "stop"])).code).toBe(0);
    expect(existsSync(platform.runDirectory)).toBe(false);
    const started = await run([script, "start"]);
    expect(started.output).toContain("apps ");
    await life();
  });

  it("refuses a second install, an upgrade to nothing, and one to no Pushboat", async () => {
    expect((await platform.pushboat(["install"])).output).toContain("is installed for");
    expect((await platform.pushboat(["upgrade", "--to", directory])).output).toContain("holds no Pushboat");
    expect((await platform.pushboat(["upgrade", "--to", "9.9.9"])).output).toContain("there is no repository to take a version from");
  });

  it("is upgraded from the released version: no request fails, the app's process lives on, the schema is brought up", async () => {
    const before = await life();
    const source = await givenSource("new");
    const load = givenLoad({ port: platform.ports.http, host: "blog.localhost", path: "/", ratePerSecond: 100 });
    const upgraded = await run([LAUNCHER, "upgrade", "--to", source, "--data", platform.dataDirectory], { timeoutMs: 120_000 });
    const report = await load.end();
    expect(upgraded.output).toMatch(/schema \d+/);
    expect(upgraded.code).toBe(0);
    expect(report.failures.filter((failure) => !/ \d+ ms$/.test(failure))).toEqual([]);
    expect(report.requests).toBeGreaterThan(10);
    expect(await life()).toBe(before);
    expect(checkout()).toBe(join(prefix(), "versions", current()));
    expect(readdirSync(join(prefix(), "versions"))).toHaveLength(2);
    expect((await platform.ssh("config:set blog AFTER=upgrade")).code).toBe(0);
  });

  it("goes back by itself to the version of before when the new one does not become healthy, and nothing is lost", async () => {
    const before = await life();
    const version = current();
    const broken = await givenSource("broken", (source) => {
      // It brings the state to a schema that the version of before does not know, and then never answers.
      const migrations = join(source, "control/store/migrations.ts");
      const text = readFileSync(migrations, "utf8");
      writeFileSync(migrations, `${text.slice(0, text.lastIndexOf("]"))}"CREATE TABLE of_the_future (x TEXT) STRICT",\n];\n`);
      writeFileSync(
        join(source, "receiver/index.ts"),
        `${readFileSync(join(source, "receiver/index.ts"), "utf8")}\nif (process.argv[2] === "control") setTimeout(() => process.kill(process.pid, "SIGKILL"), 1500);\n`,
      );
    });
    const upgraded = await run([LAUNCHER, "upgrade", "--to", broken, "--data", platform.dataDirectory], { timeoutMs: 180_000 });
    expect(upgraded.output).toContain("did not become healthy; going back");
    expect(upgraded.output).toContain("the state of before is back");
    expect(upgraded.code).toBe(1);
    expect(current()).toBe(version);
    expect(await life()).toBe(before);
    expect((await platform.ssh("config:get blog AFTER")).stdout.trim()).toBe("upgrade");
  });

  it("refuses the version of before where that does not know the state's schema, and runs on", async () => {
    const before = await life();
    const version = current();
    const [old] = readdirSync(join(prefix(), "versions")).filter((name) => name !== version && name.startsWith("0.1.0-")) as [string];
    const broken = await givenSource("ancient", (source) => {
      const migrations = join(source, "control/store/migrations.ts");
      writeFileSync(migrations, "export const MIGRATIONS: readonly string[] = [];\n");
    });
    const refused = await run([LAUNCHER, "upgrade", "--to", broken, "--data", platform.dataDirectory], { timeoutMs: 120_000 });
    expect(refused.output).toContain("the state was written by a newer Pushboat");
    expect(refused.output).toContain("nothing was changed");
    expect(refused.code).toBe(1);
    expect(current()).toBe(version);
    expect(old).toBeDefined();
    expect(await life()).toBe(before);
  });

  it("is uninstalled: unit, script, link and versions go, the data stays; --purge wants to be meant", async () => {
    const unmeant = await platform.pushboat(["uninstall", "--purge"]);
    expect(unmeant.output).toContain("Add --yes to mean it");
    expect(unmeant.code).toBe(1);
    await life();
    const removed = await platform.pushboat(["uninstall"]);
    expect(removed.output).toContain(`Its data is kept in ${platform.dataDirectory}`);
    expect(removed.code).toBe(0);
    for (const path of [prefix(), unit(), `/etc/init.d/pushboat-${platform.platformId}`]) expect(existsSync(path)).toBe(false);
    expect(existsSync(join(platform.dataDirectory, "state.db"))).toBe(true);
  });
});
