/** The loop alone, around programs that crash, stall or flood: standing in for ours, which do none of that on demand. */

import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { ROOT } from "./shell.ts";

let directory: string;
let supervisor: ChildProcess | null = null;
beforeEach(() => {
  directory = mkdtempSync("/var/tmp/pushboat-supervise-");
  for (const path of ["checkout/router", "checkout/dns", "run/processes", "data/logs/platform"])
    mkdirSync(join(directory, path), { recursive: true });
});
afterEach(() => {
  supervisor?.kill("SIGKILL");
  for (const name of ["control", "router", "dns"]) {
    const pid = pidOf(name);
    if (pid !== null && pid !== process.pid && isAlive(pid)) process.kill(pid, "SIGKILL");
  }
  rmSync(directory, { recursive: true, force: true });
});

/** REDIS_URL: then there is no Redis to keep. */
function supervise(programs: { readonly control: string; readonly router: string }): void {
  const checkout = join(directory, "checkout");
  writeFileSync(join(checkout, "main.ts"), programs.control);
  writeFileSync(join(checkout, "router/main.ts"), programs.router);
  writeFileSync(join(checkout, "dns/main.ts"), STAYS);
  cpSync(join(ROOT, "launcher/processes.sh"), join(checkout, "launcher/processes.sh"));
  const argv = [join(ROOT, "launcher/supervise.sh"), checkout, join(directory, "run"), join(directory, "data"), process.execPath];
  supervisor = spawn("bash", argv, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], REDIS_URL: "redis://elsewhere" },
  });
  supervisor.stdout?.setEncoding("utf8").on("data", (text: string) => said.push(text));
}

const said: string[] = [];
const STAYS = "setInterval(() => {}, 1000);\n";

function pidOf(name: string): number | null {
  try {
    return Number(readFileSync(join(directory, "run/processes", name), "utf8").split(" ")[0]);
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

const starts = (name: string) => readFileSync(join(directory, `data/logs/platform/${name}.log`), "utf8").split("\n").length - 1;

describe("The supervisor's loop", () => {
  test("slows down for a process that crashes at once, says so, and keeps the other one running", async () => {
    said.length = 0;
    supervise({ control: 'console.log("started"); process.exit(1);\n', router: STAYS });
    await eventually("the restarts slow down", async () => said.join("").includes("next start in 2000 ms"), 30_000);
    const router = pidOf("router");
    expect(starts("control")).toBeLessThan(10);
    expect(said.join("")).toMatch(/control ended after \d+ ms \(1 in a row\); next start in 0 ms/);
    expect(said.join("").match(/started router/g)).toHaveLength(1);
    expect(router !== null && isAlive(router)).toBe(true);
  });

  test("does not take a foreign process for ours that got the same process id", async () => {
    said.length = 0;
    // Our own id with start ticks that are not ours: as after a reboot.
    writeFileSync(join(directory, "run/processes/control"), `${process.pid} 1\n`);
    supervise({ control: STAYS, router: STAYS });
    await eventually("control is started", async () => pidOf("control") !== process.pid);
    expect(isAlive(pidOf("control") as number)).toBe(true);
  });

  test("counts a zombie as dead", async () => {
    said.length = 0;
    supervise({ control: STAYS, router: STAYS });
    await eventually("control runs", async () => pidOf("control") !== null);
    const first = pidOf("control") as number;
    process.kill(first, "SIGKILL");
    await eventually("control runs again", async () => pidOf("control") !== first && isAlive(pidOf("control") as number), 10_000);
  });

  test("is there once: a second one leaves at once", async () => {
    supervise({ control: STAYS, router: STAYS });
    await eventually("control runs", async () => pidOf("control") !== null && pidOf("router") !== null);
    const [control, first] = [pidOf("control"), supervisor];
    supervise({ control: STAYS, router: STAYS });
    const second = supervisor;
    supervisor = first;
    await eventually("the second one has left", async () => second?.exitCode === 0);
    expect(pidOf("control")).toBe(control);
  });

  test("bounds a log that grows without end, and keeps an older part", { timeout: 90_000 }, async () => {
    const flood =
      'const line = "x".repeat(1023) + "\\n"; let n = 0;\n' +
      "const more = () => { if (n++ < 12000) process.stdout.write(line, more); };\nmore(); setInterval(() => {}, 1000);\n";
    supervise({ control: flood, router: STAYS });
    const log = join(directory, "data/logs/platform/control.log");
    await eventually("the log was cut", async () => statSync(`${log}.1`).size > 10_000_000, 60_000);
    await eventually("the log is small", async () => statSync(log).size < 10_000_000);
  });

  test("spawns nothing while all is well", async () => {
    supervise({ control: STAYS, router: STAYS });
    await eventually("all run", async () => ["control", "router", "dns"].every((name) => pidOf(name) !== null));
    const children = () => readFileSync(`/proc/${supervisor?.pid}/task/${supervisor?.pid}/children`, "utf8").trim().split(" ").length;
    for (let look = 0; look < 40; look += 1) {
      expect(children()).toBe(3);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  });
});
