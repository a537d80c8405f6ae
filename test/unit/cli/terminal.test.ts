import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { OneOffIo } from "../../../core/index.ts";
import { begin, call } from "./call.ts";

const destroys = (asked: readonly { readonly method: string }[]) => asked.filter(({ method }) => method.startsWith("destroy"));

describe("a terminal", () => {
  it("is asked for the name before something is destroyed, and may rub out", async () => {
    const { exitCode, stderr, asked } = await call(["apps:destroy", "blog"], { terminal: true, stdin: "blpg\u007f\u007fog\r" });
    expect([exitCode, destroys(asked)]).toEqual([0, [{ method: "destroyApp", with: ["blog"] }]]);
    expect(stderr).toMatchSnapshot();
  });

  it.each(["\r", "blogg\r", "yes\r", "BLOG\r", "blog", "blog\u0003", "\u0004", "blog\u0015\r"])(
    "destroys nothing when it answers %j",
    async (stdin) => {
      const { exitCode, asked } = await call(["apps:destroy", "blog"], { terminal: true, stdin, stdinEnds: true });
      expect([exitCode, destroys(asked)]).toEqual([2, []]);
    },
  );

  it("ends at ^C, at the prompt and while it waits for control", async () => {
    const asking = begin(["apps:destroy", "blog"], { terminal: true });
    asking.stdin.write("bl");
    await sleep(1);
    asking.stdin.write("\u0003");
    expect(await asking.answered).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("bl^C\r\n") });
    const waiting = begin(["ps:restart", "blog"], { terminal: true, control: { restart: () => new Promise(() => {}) } });
    waiting.stdin.write("\u0003");
    expect(await waiting.answered).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("what was begun goes on") });
  });

  it("gets a carriage return before each line feed, in results and messages", async () => {
    const { stdout, stderr } = await call(["config:set", "blog", "A=1", "B=2"], { terminal: true });
    expect([stdout, stderr]).toEqual(["A: 1\r\nB: 2\r\n", "Setting A, B and restarting blog... done, v14\r\n"]);
  });

  it("pastes a .env file up to Ctrl-D", async () => {
    const { asked } = await call(["config:import", "blog"], { terminal: true, stdin: "A=1\rB=2\r\u0004" });
    expect(asked[0]?.with[1]).toEqual({ A: "1", B: "2" });
  });

  it("without one says the exact command to type", async () => {
    const { exitCode, stderr } = await call(["envs:destroy", "blog@feature-x"], { stdin: "blog@feature-x\n" });
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("envs:destroy blog@feature-x --confirm blog@feature-x")]);
  });
});

describe("run", () => {
  it("gives the command's exit code and takes its words as they are", async () => {
    const { exitCode, asked } = await call(["run", "blog", "--", "npm", "test", "--json", "-a", "x", "--"], {
      control: { run: async () => 42 },
    });
    expect([exitCode, asked[0]?.with[1]]).toEqual([42, ["npm", "test", "--json", "-a", "x", "--"]]);
  });

  it.each([
    [
      ["run", "blog", "npm", "test", "-v"],
      ["npm", "test", "-v"],
    ],
    [
      ["run", "-a", "blog", "npm", "test", "-v"],
      ["npm", "test", "-v"],
    ],
    [
      ["run", "-a", "blog", "--", "npm", "-v"],
      ["npm", "-v"],
    ],
    [["run", "blog", "npm test && ls"], ["npm test && ls"]],
  ])("%j runs %j", async (argv, command) => {
    expect((await call(argv)).asked[0]?.with).toEqual([expect.objectContaining({ name: "blog" }), command]);
  });

  it("hands over the streams, without a terminal where there is none", async () => {
    const run = async (_target: unknown, _command: unknown, io: OneOffIo) => {
      for await (const chunk of io.stdin ?? []) io.stdout.write(String(chunk).toUpperCase());
      io.stderr.write("to stderr");
      return io.terminal === null ? 0 : 1;
    };
    expect(await call(["run", "blog", "cat"], { stdin: "piped in", control: { run } })).toMatchObject({
      exitCode: 0,
      stdout: "PIPED IN",
      stderr: "to stderr",
    });
  });

  it("hands over the terminal with its size, and passes resizes and signals on", async () => {
    const seen: unknown[] = [];
    let finish = (_exitCode: number) => {};
    const run = (_target: unknown, _command: unknown, io: OneOffIo) => {
      seen.push([io.terminal?.type, io.terminal?.columns, io.terminal?.rows]);
      io.terminal?.onResize((size) => seen.push(size));
      io.onSignal((name) => seen.push(name));
      return new Promise<number>((resolve) => {
        finish = resolve;
      });
    };
    const calling = begin(["run", "blog", "bash"], { terminal: true, control: { run } });
    await sleep(1);
    calling.resize({ columns: 100, rows: 50 });
    calling.signal("INT");
    finish(130);
    expect((await calling.answered).exitCode).toBe(130);
    expect(seen).toEqual([["xterm-256color", 80, 24], { columns: 100, rows: 50 }, "INT"]);
  });
});
