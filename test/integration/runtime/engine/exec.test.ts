import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ExecProcess, ExecSpec } from "../../../../runtime/engine/index.ts";
import { type GivenEngine, givenEngine } from "./given-engine.ts";

let given: GivenEngine;
beforeAll(async () => {
  given = await givenEngine();
  await given.engine.start(given.spec("host", ["sleep", "600"]));
});
afterAll(() => given?.end());

describe("another process in a container", () => {
  test("has its own user, directory and environment, and a home", async () => {
    const child = await exec(["sh", "-c", 'id -u; pwd; echo "$ONLY|$HOME|$(env | wc -l)"'], {
      env: { ONLY: "this" },
      workingDirectory: "/tmp",
    });
    expect(await child.done()).toEqual({ exitCode: 0, stdout: "1000\n/tmp\nthis|/app|4\n", stderr: "" });
  });

  test("has the container's fences", async () => {
    const { stdout } = await (await exec(["cat", "/proc/self/status"])).done();
    expect(stdout).toMatch(/^CapBnd:\s+0+$/m);
    expect(stdout).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(stdout).toMatch(/^Seccomp:\s+2$/m);
  });

  test("reads what is written to it and keeps its two outputs apart", async () => {
    const child = await exec(["sh", "-c", "cat; echo problem >&2"]);
    child.process.stdin.end("some input\n");
    expect(await child.done()).toEqual({ exitCode: 0, stdout: "some input\n", stderr: "problem\n" });
  });

  test("passes bytes of every value through, two megabytes of them", async () => {
    const child = await exec(["cat"]);
    const bytes = Buffer.from(Array.from({ length: 2_000_000 }, (_, index) => index % 251));
    const chunks: Buffer[] = [];
    child.process.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.process.stdin.end(bytes);
    expect(await child.process.exit).toBe(0);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test("gives its exit code exactly, with and without a terminal", async () => {
    for (const code of [0, 1, 42, 127, 255]) {
      expect((await (await exec(["sh", "-c", `exit ${code}`])).done()).exitCode).toBe(code);
      expect((await (await execTerminal(["sh", "-c", `exit ${code}`])).done()).exitCode).toBe(code);
    }
  });

  test("gets signals, also KILL, with and without a terminal", async () => {
    const script = ["sh", "-c", 'trap "echo got INT; exit 9" INT; echo ready; while :; do sleep 0.05; done'];
    for (const start of [exec, execTerminal]) {
      const polite = await start(script);
      await polite.until("ready");
      polite.process.signal("INT");
      expect(await polite.done()).toMatchObject({ exitCode: 9, stdout: expect.stringContaining("got INT") });
      const rude = await start(script);
      await rude.until("ready");
      rude.process.signal("KILL");
      expect((await rude.done()).exitCode).toBe(137);
    }
  });

  test("has a terminal of the size it was given, and learns of a new one", async () => {
    const child = await execTerminal([
      "sh",
      "-c",
      'echo $TERM; stty size; trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.05; done',
    ]);
    await child.until("ready");
    child.process.resize(133, 43);
    const { stdout, exitCode } = await child.done();
    expect(stdout).toContain("xterm-256color\r\n24 80\r\n");
    expect(stdout).toContain("43 133");
    expect(exitCode).toBe(0);
  });

  test("echoes what is typed in a terminal, and ends its input with Control-D", async () => {
    const child = await execTerminal(["cat"]);
    child.process.stdin.write("typed\r");
    await child.until("typed\r\ntyped\r\n");
    child.process.stdin.write("\x04");
    expect((await child.done()).exitCode).toBe(0);
  });

  test("is interrupted by Control-C in a terminal", async () => {
    const child = await execTerminal(["sh", "-c", 'trap "echo stopped; exit 5" INT; echo ready; while :; do sleep 0.05; done']);
    await child.until("ready");
    child.process.stdin.write("\x03");
    expect(await child.done()).toMatchObject({ exitCode: 5 });
  });

  test("ends with the container", async () => {
    await given.engine.start(given.spec("ending", ["sleep", "600"]));
    const child = await exec(["sleep", "600"], { id: "ending" });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await given.engine.kill("ending", "KILL");
    expect((await child.done()).exitCode).toBe(137);
    await given.engine.remove("ending");
  });

  test("is refused where the container does not run, in words", async () => {
    await expect(exec(["true"], { id: "nobody" })).rejects.toThrow("nobody is not running");
  });
});

interface Followed {
  readonly process: ExecProcess;
  until(text: string): Promise<void>;
  done(): Promise<{ exitCode: number; stdout: string; stderr: string }>;
}

async function exec(argv: readonly string[], more: Partial<ExecSpec> = {}): Promise<Followed> {
  const spec = { id: "host", argv, env: {}, workingDirectory: "/app", uid: 1000, gid: 1000, terminal: null, ...more };
  return follow(await given.engine.exec(spec));
}

function execTerminal(argv: readonly string[]): Promise<Followed> {
  return exec(argv, { terminal: { type: "xterm-256color", columns: 80, rows: 24 } });
}

function follow(process: ExecProcess): Followed {
  const seen = { stdout: "", stderr: "" };
  process.stdout.on("data", (chunk: Buffer) => {
    seen.stdout += chunk.toString();
  });
  process.stderr.on("data", (chunk: Buffer) => {
    seen.stderr += chunk.toString();
  });
  return {
    process,
    async until(text) {
      for (let attempt = 0; attempt < 500 && !seen.stdout.includes(text); attempt += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(seen.stdout).toContain(text);
    },
    done: async () => ({ exitCode: await process.exit, ...seen }),
  };
}
