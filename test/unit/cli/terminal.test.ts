import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { OneOffIo } from "../../../core/index.ts";
import { begin, call } from "./call.ts";

const destroys = (asked: readonly { readonly method: string }[]) => asked.filter(({ method }) => method.startsWith("destroy"));

describe("destroying at a terminal", () => {
  it("asks for the name and goes on when it is typed", async () => {
    const { exitCode, stderr, asked } = await call(["apps:destroy", "blog"], { terminal: true, stdin: "blog\n" });
    expect([exitCode, destroys(asked)]).toEqual([0, [{ method: "destroyApp", with: ["blog"] }]]);
    expect(stderr).toMatchSnapshot();
  });

  it.each(["\n", "blogg\n", "yes\n", "BLOG\n"])("destroys nothing for %j", async (stdin) => {
    const { exitCode, asked } = await call(["apps:destroy", "blog"], { terminal: true, stdin });
    expect([exitCode, destroys(asked)]).toEqual([2, []]);
  });

  it("destroys nothing when the input ends or ^C is pressed instead", async () => {
    for (const leave of ["end", "signal"] as const) {
      const calling = begin(["apps:destroy", "blog"], { terminal: true });
      await sleep(1);
      if (leave === "end") calling.stdin.end();
      else calling.signal("INT");
      const { exitCode, asked } = await calling.answered;
      expect([exitCode, destroys(asked)]).toEqual([2, []]);
    }
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

  it("hands over the terminal, raw, with its size, and passes resizes and signals on", async () => {
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
    expect(calling.isRaw()).toBe(true);
    calling.resize({ columns: 100, rows: 50 });
    calling.signal("INT");
    finish(130);
    expect((await calling.answered).exitCode).toBe(130);
    expect(seen).toEqual([["xterm-256color", 80, 24], { columns: 100, rows: 50 }, "INT"]);
  });

  it("leaves the terminal to its door for every other command", async () => {
    const calling = begin(["ps", "blog"], { terminal: true });
    await calling.answered;
    expect(calling.isRaw()).toBe(false);
  });
});
