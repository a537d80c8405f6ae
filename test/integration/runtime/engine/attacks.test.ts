/** The attacker inside a container: raw system calls of attacks.c, each refused inside and each through where no fence is. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GivenEngine, givenEngine } from "./given-engine.ts";

let given: GivenEngine;
let victim: ChildProcess;
let directory: string;
let through: ReadonlyMap<string, string>;
beforeAll(async () => {
  given = await givenEngine();
  directory = mkdtempSync("/var/tmp/pushboat-attacks-");
  chmodSync(directory, 0o755);
  execFileSync("gcc", ["-static", "-O1", "-o", `${directory}/attacks`, `${import.meta.dirname}/attacks.c`]);
  victim = spawn("sleep", ["600"], { stdio: "ignore" });
  through = outcomes(withoutFences());
}, 60_000);
afterAll(async () => {
  victim?.kill("SIGKILL");
  await given?.end();
  rmSync(directory, { recursive: true, force: true });
});

describe("an attacker", () => {
  test("without fences gets through with every attempt, so that each of them can fail", () => {
    expect(through.size).toBeGreaterThan(60);
    expect([...through].filter(([, outcome]) => outcome !== "through")).toEqual([]);
  });

  test.each([
    ["an ordinary user", 1000],
    ["root of its user namespace", 0],
  ])("in a container as %s gets through with none", async (_who, uid) => {
    const mounts = [{ source: directory, target: "/attacks", readOnly: true, mapOwners: false }];
    const text = await given.output(`attacker-${uid}`, `/attacks/attacks ${victim.pid}`, { uid, gid: uid, mounts });
    const inside = outcomes(text);
    expect([...inside.keys()]).toEqual([...through.keys()]);
    expect([...inside].filter(([, outcome]) => !outcome.startsWith("refused"))).toEqual([]);
  });
});

/** As root of the host, in namespaces of its own for what would have an effect: mounts, names, interfaces, message queues. */
function withoutFences(): string {
  const script = 'mount -t tmpfs none /tmp && exec "$0" "$1"';
  const own = ["--mount", "--uts", "--ipc", "--net", "--propagation", "private"];
  return execFileSync("unshare", [...own, "sh", "-c", script, `${directory}/attacks`, String(victim.pid)], { encoding: "utf8" });
}

function outcomes(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => [line.slice(0, line.lastIndexOf(": ")), line.slice(line.lastIndexOf(": ") + 2)] as const),
  );
}
