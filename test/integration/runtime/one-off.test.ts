import { readdirSync } from "node:fs";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_SIZE, type OneOffIo, type Workload } from "../../../core/index.ts";
import { BLOG, type GivenRuntime, givenRuntime, logOf, runOneOff } from "./given.ts";

let given: GivenRuntime;
let workload: Workload;
beforeAll(async () => {
  given = await givenRuntime();
  workload = given.workload({ web: { command: "sleep 100" } });
});
afterEach(() => {
  expect(readdirSync(`${given.settings.runDirectory}/containers`)).toEqual([]);
  expect(given.runtime.instances()).toEqual([]);
  expect(given.complaints).toEqual([]);
});
afterAll(async () => {
  await given?.end();
});

const input = (text: string): Partial<OneOffIo> => ({ stdin: new PassThrough().end(text) });

describe("a release command", () => {
  test("streams its output live, gives its exit code, and its lines are in the log", async () => {
    const stdout = new PassThrough();
    const arrivals: number[] = [];
    stdout.on("data", () => arrivals.push(performance.now()));
    const outcome = await runOneOff(
      given.runtime,
      workload,
      "echo migrating $DYNO $GREETING $EXTRA; echo careful >&2; sleep 1; echo done; exit 7",
      {
        name: "release.12",
        extraEnv: { EXTRA: "more" },
        io: { stdout },
      },
    );
    expect(outcome).toMatchObject({ exitCode: 7, outOfMemory: false, stderr: "careful\n" });
    expect(arrivals.length).toBeGreaterThanOrEqual(2);
    expect((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)).toBeGreaterThan(900);
    expect(await logOf(given.runtime, "release")).toEqual([
      "app[release.12]: migrating release.12 hello more",
      "app[release.12]: careful",
      "app[release.12]: done",
    ]);
  });

  test("that takes too much memory says so", async () => {
    const outcome = await runOneOff(given.runtime, workload, `exec perl -e 'my $n = 200_000_000; my $x = "x" x $n'`, {
      size: { ...DEFAULT_SIZE, memoryBytes: 64 * 1024 * 1024 },
    });
    expect(outcome.outOfMemory).toBe(true);
    expect(outcome.exitCode).not.toBe(0);
  });

  test("writes 20,000 lines and none is lost", async () => {
    const outcome = await runOneOff(given.runtime, workload, `exec perl -e 'print "$_\\n" for 1..20000'`, { name: "release.13" });
    expect(outcome.stdout.trimEnd().split("\n")).toEqual(Array.from({ length: 20_000 }, (_, at) => String(at + 1)));
  });
});

describe("run", () => {
  test("passes input and both outputs through, byte for byte, with the exact exit code", async () => {
    const text = `${"x".repeat(100_000)}\u0000\u001b[1m`;
    const outcome = await runOneOff(given.runtime, workload, "cat; echo oops >&2; exit 42", { io: input(text) });
    expect(outcome).toMatchObject({ exitCode: 42, stdout: text, stderr: "oops\n" });
  });

  test("leaves nothing in the log", async () => {
    await runOneOff(given.runtime, workload, "echo secret", { name: "run.99", io: input("") });
    expect(await logOf(given.runtime, "run")).toEqual([]);
  });

  test("with a terminal has its size and type, is told of a new size, and gets keys as signals", async () => {
    const stdin = new PassThrough();
    let resize: (size: { columns: number; rows: number }) => void = () => {};
    const terminal = {
      type: "vt100",
      columns: 81,
      rows: 25,
      onResize: (listener: typeof resize) => {
        resize = listener;
      },
    };
    const running = runOneOff(
      given.runtime,
      workload,
      `stty size; echo $TERM; read a; stty size; trap 'echo got INT; exit 3' INT; echo waiting; sleep 30`,
      {
        io: { stdin, terminal },
      },
    );
    await sleep(800);
    resize({ columns: 120, rows: 40 });
    await sleep(200);
    stdin.write("go\n");
    await sleep(500);
    stdin.write("\u0003");
    const outcome = await running;
    expect(
      outcome.stdout
        .replaceAll("\r", "")
        .split("\n")
        .filter((line) => line !== "go"),
    ).toEqual(expect.arrayContaining(["25 81", "vt100", "40 120", "waiting"]));
    expect(outcome.stdout).toContain("got INT");
    expect(outcome.exitCode).toBe(3);
  });

  test("hands on a signal of the client", async () => {
    let signal: (name: string) => void = () => {};
    const hold = (listener: typeof signal): void => {
      signal = listener;
    };
    const running = runOneOff(given.runtime, workload, `trap 'echo bye; exit 5' TERM; echo on; while :; do sleep 0.05; done`, {
      io: { ...input(""), onSignal: hold },
    });
    await sleep(700);
    signal("TERM");
    expect(await running).toMatchObject({ exitCode: 5 });
  });

  test("ends with its container when the client goes", async () => {
    const abort = new AbortController();
    const running = runOneOff(given.runtime, workload, "sleep 100", { signal: abort.signal, io: input("") });
    await sleep(500);
    const startedMs = performance.now();
    abort.abort(new Error("the client went away"));
    await expect(running).rejects.toThrow("the client went away");
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  test("is ended by removing its environment", async () => {
    const running = runOneOff(given.runtime, workload, "sleep 100", { io: input("") });
    running.catch(() => {});
    await sleep(500);
    await given.runtime.removeEnvironment(BLOG, 1);
    await expect(running).rejects.toThrow("ended by the platform");
  });

  test("that a dead control left behind is removed by the next", async () => {
    const running = runOneOff(given.runtime, workload, "sleep 100", { io: input("") });
    running.catch(() => {});
    await sleep(500);
    await given.restarted();
    for (let wait = 0; wait < 100 && readdirSync(`${given.settings.runDirectory}/containers`).length > 0; wait += 1) await sleep(20);
    expect(readdirSync(`${given.settings.runDirectory}/containers`)).toEqual([]);
    await running.catch(() => {});
  });

  test("whose command does not exist ends with 127", async () => {
    expect(await runOneOff(given.runtime, workload, "no-such-thing", { io: input("") })).toMatchObject({ exitCode: 127 });
  });
});
