/** How much an instance may have: by hand, by the commit's files, by default; and no more together than the machine has. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

const [MB, GB] = [1024 ** 2, 1024 ** 3];

let platform: Platform;
let app: WorkingCopy;
beforeAll(async () => {
  platform = await givenPlatform({ settings: { PUSHBOAT_MEMORY_BYTES: String(4 * GB), PUSHBOAT_DRAIN_TIMEOUT_MS: "500" } });
  app = await platform.givenApp(tinyApp("one", { Procfile: "web: node server.js\nworker: sleep 100000\n" }), { app: "blog" });
  await app.mustPush();
});
afterAll(() => platform?.stop());

/** As the container itself sees it, on either version of control groups. */
async function limit(host: string, version1: string, version2: string): Promise<string> {
  const read = async (path: string) => await platform.http(host, `/read?path=${encodeURIComponent(path)}`);
  const first = await read(`/sys/fs/cgroup/${version1}`);
  return (first.status === 200 ? first : await read(`/sys/fs/cgroup/${version2}`)).body.trim();
}
const memoryLimit = async (host: string) => Number(await limit(host, "memory/memory.limit_in_bytes", "memory.max"));
const ps = async (name: string) => (await platform.ssh(`ps ${name}`)).stdout;

it("an instance has 512 MB where nothing is said, and what ps:scale gave it, until another size is given", async () => {
  expect(await memoryLimit(app.host)).toBe(512 * MB);
  const scaled = await platform.ssh("ps:scale blog web=2:1gb");
  expect(scaled.code, scaled.output).toBe(0);
  expect(scaled.stdout).toContain("web=2:1gb worker=0");
  expect(await memoryLimit(app.host)).toBe(GB);
  expect(await ps("blog")).toContain("=== web: node server.js (2 of 1 GB)");
  await platform.ssh("ps:scale blog web=1");
  app.write("text.js", 'module.exports = "two";\n');
  await app.mustPush();
  expect(await memoryLimit(app.host)).toBe(GB);
  await platform.ssh("rollback blog v1");
  expect(await memoryLimit(app.host)).toBe(GB);
  expect((await platform.ssh("ps:scale blog web=1:default")).stdout).toContain("web=1 worker=0");
  expect(await memoryLimit(app.host)).toBe(512 * MB);
});

it("instances of a type start side by side", async () => {
  expect((await platform.ssh("ps:scale blog worker=3:64mb")).code).toBe(0);
  const lines = (await platform.ssh("logs blog -n 200")).stdout.split("\n").filter((line) => line.includes("pushboat[worker."));
  const changes = lines.map((line) => /State changed (?:from starting )?to (starting|up)$/.exec(line)?.[1]);
  expect(changes.slice(0, 4)).toEqual(["starting", "starting", "starting", "up"]);
  await platform.ssh("ps:scale blog worker=0:default");
});

it("pushboat.yml says the rest of a size, for each type, and a rollback goes back to what its release says", async () => {
  app.write(
    "pushboat.yml",
    "processes:\n  web:\n    size: { memory: 300mb, swap: 100mb, cpu: 0.5, cpu-shares: 512, pids: 77, files: 999, io-weight: 50 }\n",
  );
  await app.mustPush();
  const before = (await platform.ssh("releases blog --json")).stdout;
  expect(await memoryLimit(app.host)).toBe(300 * MB);
  expect(await limit(app.host, "pids/pids.max", "pids.max")).toBe("77");
  expect(await limit(app.host, "cpu/cpu.cfs_quota_us", "cpu.max")).toMatch(/^50000\b/);
  const limits = (await platform.http(app.host, "/read?path=/proc/self/limits")).body;
  expect(limits).toMatch(/^Max open files +999 +999/m);
  expect(await ps("blog")).toContain("(1 of 300 MB, 100 MB swap, 0.5 cores, 512 cpu shares, 77 processes, 999 open files)");
  const number = Number(/"release": ?(\d+)/.exec(before)?.[1]) - 1;
  await platform.ssh(`rollback blog v${number}`);
  expect(await memoryLimit(app.host)).toBe(512 * MB);
});

it("more memory than the machine has is not promised, unless with --force, and the error says who has it", async () => {
  const other = await platform.givenApp(tinyApp("other"), { app: "shop" });
  await other.mustPush();
  await platform.ssh("ps:scale blog web=1:3gb");
  const refused = await platform.ssh("ps:scale shop web=3");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(
    "shop would be promised 1.5 GB: with the others' that is 4.5 GB for instances on this machine, which has 4 GB",
  );
  expect(refused.stderr).toContain("blog: 3 GB");
  expect(await ps("shop")).toContain("(1)");
  const forced = await platform.ssh("ps:scale shop web=3 --force");
  expect(forced.code, forced.output).toBe(0);
  const third = await platform.givenApp(tinyApp("third"), { app: "wiki" });
  const push = await third.push();
  expect(push.code).not.toBe(0);
  expect(push.stderr).toContain("wiki would be promised 512 MB");
  await platform.ssh("ps:scale shop web=1");
  await platform.ssh("ps:scale blog web=1:default");
  await third.mustPush();
});

it("branches have half of it, count with their sizes, and an environment made from another has its sizes", async () => {
  app.write("pushboat.yml", 'environments: { "qa*": { formation: { web: "1:2gb" } } }\n');
  const pushed = await app.push("qa-1");
  expect(pushed.code, pushed.output).toBe(0);
  expect(await memoryLimit("qa-1--blog.localhost")).toBe(2 * GB);
  expect((await platform.ssh("ps:scale blog@qa-1 web=1:128mb")).code).toBe(0);
  const made = await platform.ssh("envs:create blog@copy --from blog@qa-1");
  expect(made.code, made.output).toBe(0);
  expect(await memoryLimit("copy--blog.localhost")).toBe(128 * MB);
  const refused = await platform.ssh("ps:scale blog@copy web=1:2.3gb");
  expect(refused.stderr).toContain("branch environments, which may have 2.4 GB of this machine together");
});
