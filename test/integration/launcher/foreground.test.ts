/** `up` without --detach, as people know it from `docker compose up`: the log is shown, Ctrl-C stops the platform. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../../support/command.ts";
import { eventually } from "../../support/eventually.ts";
import { freePorts } from "../../support/free-ports.ts";
import { LAUNCHER } from "../../support/platform.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync("/var/tmp/pushboat-foreground-");
});
afterEach(async () => {
  await run([LAUNCHER, "down", "--data", directory]);
  rmSync(directory, { recursive: true, force: true });
});

async function startInForeground() {
  const [http, ssh] = (await freePorts(2)).map(String) as [string, string];
  const argv = ["up", "--data", directory, "--http-port", http, "--ssh-port", ssh, "--bind", "127.0.0.1"];
  const child = spawn(LAUNCHER, argv, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  return { child, ended: once(child, "close"), output: () => output };
}

/** Run directories of platforms whose data directory is ours. */
async function running(): Promise<string[]> {
  const found = await run(["grep", "-lxF", directory, ...readdirSync("/run/pushboat").map((name) => join("/run/pushboat", name, "data"))]);
  return found.stdout.split("\n").filter((line) => line !== "");
}

test("Ctrl-C stops the platform that it shows, and leaves no process of it", async () => {
  const { child, ended, output } = await startInForeground();
  await eventually("it says what Ctrl-C does", async () => output().includes("Ctrl-C stops the platform"), 120_000);
  expect(await running()).toHaveLength(1);
  child.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(output()).toContain("Pushboat is stopped.");
  expect(await running()).toEqual([]);
});

test("Ctrl-C before it is up leaves nothing half-done", async () => {
  const { child, ended, output } = await startInForeground();
  await eventually("the run directory is there", async () => (await running()).length === 1, 120_000);
  child.kill("SIGINT");
  const [code] = await ended;
  expect([0, 130]).toContain(code); // 0: it was up by then
  expect(output()).toMatch(/interrupted; nothing was left half-done|Pushboat is stopped/);
  expect(await running()).toEqual([]);
});

test("down from elsewhere ends it", async () => {
  const { ended, output } = await startInForeground();
  await eventually("it is up", async () => output().includes("Ctrl-C stops the platform"), 120_000);
  expect((await run([LAUNCHER, "down", "--data", directory])).code).toBe(0);
  expect(await ended).toEqual([0, null]);
  expect(output()).toContain("Pushboat was stopped.");
});
