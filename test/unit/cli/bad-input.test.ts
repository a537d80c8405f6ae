import { describe, expect, it } from "vitest";
import { COMMAND_GROUPS } from "../../../cli/index.ts";
import { call } from "./call.ts";

const COMMANDS = COMMAND_GROUPS.flatMap(({ commands }) => commands);
const LONG = "a".repeat(200);

const BAD_LINES: readonly (readonly string[])[] = [
  ["frobnicate"],
  ["cofnig:set", "blog", "A=1"],
  ["ps:scal", "blog"],
  ["maintenance", "sideways", "blog"],
  ["apps", "create", "blog"],
  ["\u001b[31mred\u001b[0m"],
  ["../../bin/sh"],
  [LONG],
  [""],
  ["ps"],
  ["ps", ""],
  ["ps", ".."],
  ["ps", "../blog"],
  ["ps", "blog/x"],
  ["ps", "Blog"],
  ["ps", "blog;reboot"],
  ["ps", "$(reboot)"],
  ["ps", "`id`"],
  ["ps", "blog\nother"],
  ["ps", "blog\u001b[2J"],
  ["ps", "blog\u202e"],
  ["ps", LONG],
  ["ps", "git"],
  ["ps", "blog@"],
  ["ps", "blog@-x"],
  ["ps", "blog@a..b"],
  ["ps", "blog@a b"],
  ["ps", `blog@${LONG}x`],
  ["ps", "blog", "extra"],
  ["ps", "blog", "--jsno"],
  ["ps", "blog", "--\u001b[31m"],
  ["ps", "blog", `--${LONG}`],
  ["ps", "-a"],
  ["ps", "-a", "Blog"],
  ["apps:info", "blog@feature-x"],
  ["config:get", "blog"],
  ["config:get", "blog", "A", "B"],
  ["config:get", "blog", "1A"],
  ["config:get", "blog", "NOT_SET"],
  ["config:get", "blog", "constructor"],
  ["config:set", "blog"],
  ["config:set", "blog", "A"],
  ["config:set", "blog", "A-B=1"],
  ["config:set", "blog", "=1"],
  ["config:set", "blog", "__proto__=1"],
  ["config:set", "blog", "PORT=80"],
  ["config:set", "blog", "A=\0"],
  ["config:set", "blog", "--stdin", "A-B"],
  ["config:set", "blog", "--stdin"],
  ["config:unset", "blog"],
  ["config:unset", "blog", "NOT_SET", "GREETING"],
  ["config:import", "blog"],
  ["ps:scale", "blog", "web"],
  ["ps:scale", "blog", "web=2:lots"],
  ["ps:scale", "blog", "web=1000"],
  ["logs", "blog", "-n", "x"],
  ["logs", "blog", "-n", "-1"],
  ["logs", "blog", "-p", "web;id"],
  ["logs", "blog", "--since", "yesterday"],
  ["releases", "blog", "-n", "0"],
  ["releases:output", "blog", "latest"],
  ["rollback", "blog", "v0"],
  ["rollback", "blog", "3.5"],
  ["deploys:cancel"],
  ["deploys:cancel", "x"],
  ["deploys:attach", "-1"],
  ["envs:destroy", "blog", "--confirm", "blog"],
  ["envs:destroy", "blog@feature-x"],
  ["envs:destroy", "blog@feature-x", "--confirm", "blog"],
  ["apps:destroy", "blog", "--confirm", "blog\u001b[2J"],
  ["keys:add"],
  ["keys:add", "../alice", "ssh-ed25519 AAAA"],
  ["keys:add", "$(id)", "ssh-ed25519 AAAA"],
  ["tokens:create", "ci", "--days", "0"],
  ["tokens:create", "a b"],
  ["domains:add", "blog", "not a host"],
  ["domains:add", "blog", "127.0.0.1"],
  ["domains:add", "blog", "*.com"],
  ["network:allow", "blog", "db:5432"],
  ["volumes:create", "blog", "/etc"],
  ["volumes:create", "blog", "../x"],
  ["images:export", "blog", "docker:/x"],
  ["images:export", "blog", "oci:relative"],
  ["images:export", "blog", "oci:/tmp/../etc"],
  ["run"],
  ["run", "blog"],
  ["run", "--", "ls"],
];

/** Asked by commands that look before they change. */
const QUESTIONS = ["app", "config", "releases", "environments"];

describe("bad input", () => {
  it.each(BAD_LINES.map((argv) => [JSON.stringify(argv).slice(0, 80), argv] as const))("%s is refused like this", async (_, argv) => {
    const { exitCode, stdout, stderr, asked } = await call(argv, { via: "local" });
    expect(exitCode).not.toBe(0);
    expect(stdout).toBe("");
    expect(asked.filter(({ method }) => !QUESTIONS.includes(method))).toEqual([]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not reach a terminal
    expect(stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    expect({ exitCode, stderr }).toMatchSnapshot();
  });

  it.each(COMMANDS.map(({ name }) => [name]))("%s with 10,000 arguments ends soon and without an error of ours", async (name) => {
    const started = performance.now();
    const { exitCode, stderr } = await call([name, ...Array.from({ length: 10_000 }, (_, i) => `word-${i}`)]);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(stderr).not.toContain("platform/unexpected");
    expect(stderr.length).toBeLessThan(2000);
    // A command line may be as long as it likes, and what is no key is for control to refuse.
    if (!["run", "keys:add"].includes(name)) expect(exitCode).toBe(2);
  });

  it("10,000 values are set in one change, and the line says it in short", async () => {
    const { exitCode, stderr, asked } = await call(["config:set", "blog", ...Array.from({ length: 10_000 }, (_, i) => `K${i}=${i}`)]);
    expect([exitCode, asked.length]).toEqual([0, 1]);
    expect(stderr).toContain("K19 and 9980 more and restarting blog");
  });

  it("more than 256 kB on stdin is too much for a config", async () => {
    const { exitCode, stderr } = await call(["config:import", "blog"], { stdin: `A=${"x".repeat(300_000)}\n` });
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("input/too-large")]);
  });

  it("a failure of our own is exit 1, by the same form, without its stack", async () => {
    const control = {
      apps: () => {
        throw new TypeError("Cannot read\u001b[31m properties of undefined");
      },
    };
    const { exitCode, stderr } = await call(["apps"], { control });
    expect([exitCode, stderr]).toEqual([1, " !     Cannot read\\u001b[31m properties of undefined  [platform/unexpected]\n"]);
  });
});
