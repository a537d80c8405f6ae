/** up, its second call, the loop that keeps our processes running, restart, status, down: with the real platform. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../support/command.ts";
import { eventually } from "../../support/eventually.ts";
import { leftovers } from "../../support/leftovers.ts";
import { givenPlatform, LAUNCHER, type Platform, type ProcessName } from "../../support/platform.ts";

const PROCESSES: readonly ProcessName[] = ["redis", "router", "control", "dns"];
/** The promise is one second; a machine under load gets more. */
const RESTARTED_WITHIN_MS = 10_000;

describe("A platform that is up", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await givenPlatform();
  });
  afterAll(() => platform?.stop());

  const record = (name: string) => readFileSync(join(platform.runDirectory, "processes", name), "utf8").trim();
  const records = () => PROCESSES.map(record);
  const supervisorLog = () => readFileSync(join(platform.dataDirectory, "logs/platform/supervisor.log"), "utf8");

  test("names its addresses and the next three commands", () => {
    expect(platform.upOutput).toContain(`http://APP.localhost:${platform.ports.http}`);
    expect(platform.upOutput).toContain(`git remote add pushboat ssh://pushboat@localhost:${platform.ports.ssh}/blog`);
    expect(platform.upOutput).toContain("git push pushboat main");
    expect(platform.upOutput).toContain(`ssh -p ${platform.ports.ssh} pushboat@localhost config:set blog GREETING=hello`);
  });

  test("a second up says that it is already running, and touches nothing", async () => {
    const before = records();
    const second = await platform.up();
    expect(second.code).toBe(0);
    expect(second.stdout).toContain("already running");
    expect(second.stdout).toContain(`http://APP.localhost:${platform.ports.http}`);
    expect(records()).toEqual(before);
  });

  test("a second up needs no option but --data", async () => {
    const second = await platform.pushboat(["up", "--detach"]);
    expect(second.code).toBe(0);
    expect(second.stdout).toContain(`ssh://pushboat@localhost:${platform.ports.ssh}/APP`);
  });

  test("a second up with other settings fails and names them, instead of passing them over", async () => {
    const second = await platform.pushboat(["up", "--detach", "--domain", "example.com"]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain("already running with other settings than these: DOMAIN");
  });

  test("the key of --admin-key opens SSH", async () => {
    const listed = await platform.ssh("apps --json");
    expect(JSON.parse(listed.stdout)).toEqual([]);
    expect(listed.code).toBe(0);
  });

  test("status --json names our processes with the ids they have", async () => {
    const status = await platform.pushboat(["status", "--json"]);
    const { processes } = JSON.parse(status.stdout) as { processes: { name: string; pid: number }[] };
    for (const name of PROCESSES) expect(processes).toContainEqual({ name, pid: platform.pid(name) });
    expect(status.code).toBe(0);
  });

  test("control sees settings, locale, proxy and CA variables, and nothing else of the caller's environment", () => {
    const names = readFileSync(`/proc/${platform.pid("control")}/environ`, "utf8")
      .split("\0")
      .map((entry) => entry.split("=")[0] as string)
      .filter((name) => name !== "");
    const expected =
      /^(PUSHBOAT_[A-Z_]+|PATH|HOME|LANG|LC_ALL|TZ|NODE_COMPILE_CACHE|PWD|OLDPWD|SHLVL|_|.*_(proxy|PROXY)|.*(CERT|CA)[A-Z_]*|SSL_.*)$/;
    expect(names.filter((name) => !expected.test(name))).toEqual([]);
    expect(names).toContain("PUSHBOAT_DATA");
  });

  test.each(PROCESSES)("%s killed with -9 is started again, and the platform answers", async (name) => {
    const [pid] = record(name).split(" ");
    process.kill(Number(pid), "SIGKILL");
    await eventually(
      `${name} runs again`,
      async () => record(name).split(" ")[0] !== pid && alive(platform.pid(name)),
      RESTARTED_WITHIN_MS,
    );
    await eventually("it answers", async () => (await platform.ssh("apps")).code === 0);
  });

  test("a supervisor killed with -9 leaves everything running, and up adopts the same processes", async () => {
    const before = records();
    process.kill(Number(record("supervisor").split(" ")[0]), "SIGKILL");
    await eventually("the supervisor is gone", async () => !alive(Number(record("supervisor").split(" ")[0])));
    expect(records()).toEqual(before);
    expect(PROCESSES.every((name) => alive(platform.pid(name)))).toBe(true);
    const again = await platform.pushboat(["up", "--detach"]);
    expect(again.output).toContain(`http://APP.localhost:${platform.ports.http}`);
    expect(again.code).toBe(0);
    expect(records()).toEqual(before);
    expect(supervisorLog()).toContain(`adopted control, process ${platform.pid("control")}`);
  });

  test("restart replaces our processes and waits until they answer", async () => {
    const before = records();
    const restarted = await platform.pushboat(["restart"]);
    expect(restarted.output).toContain("Pushboat was restarted.");
    expect(restarted.code).toBe(0);
    const after = records();
    for (const [index, old] of before.entries()) expect(after[index]).not.toBe(old);
    expect((await platform.ssh("apps")).code).toBe(0);
  });

  test("the launcher works through a link in PATH", async () => {
    const link = join(platform.client.home, "pushboat");
    await run(["ln", "-s", LAUNCHER, link]);
    const status = await run([link, "status", "--data", platform.dataDirectory]);
    expect(status.stdout).toContain(platform.dataDirectory);
    expect(status.code).toBe(0);
  });

  test("down leaves nothing but the state, a second down and status say so, and up finds its settings again", async () => {
    const down = await platform.pushboat(["down"]);
    expect(down.output).toContain("Its state is kept");
    expect(down.code).toBe(0);
    expect(await leftovers(platform)).toEqual([]);

    const again = await platform.pushboat(["down"]);
    expect(again.stdout).toContain("is not running");
    expect(again.code).toBe(0);

    const status = await platform.pushboat(["status"]);
    expect(status.stdout).toContain("is down");
    expect(status.code).toBe(1);
    expect(JSON.parse((await platform.pushboat(["status", "--json"])).stdout)).toEqual({ processes: [] });

    const up = await platform.pushboat(["up", "--detach"]);
    expect(up.stdout).toContain(`ssh://pushboat@localhost:${platform.ports.ssh}/APP`);
    expect((await platform.ssh("apps")).code).toBe(0);
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
