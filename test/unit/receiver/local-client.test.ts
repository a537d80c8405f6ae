import { describe, expect, test } from "vitest";
import { parseSshRemote, planClient, splitDataOption } from "../../../receiver/local/client-plan.ts";
import { encodeFrame, FRAME, FrameParser } from "../../../receiver/local/frames.ts";

const REMOTE = "ssh://pushboat@example.com:2222/blog";
const plan = (argv: readonly string[], more: Partial<Parameters<typeof planClient>[0]> = {}) =>
  planClient({ argv, dataDirectory: null, remoteUrl: REMOTE, interactive: false, ...more });
const target = ["-p", "2222", "--", "pushboat@example.com"];

describe("where a command goes", () => {
  test("to the remote of the directory, with its app right behind the command", () => {
    expect(plan(["logs", "-t"])).toEqual({ kind: "ssh", argv: ["-T", ...target, "logs -a blog -t"] });
    expect(plan(["config:set", "A=two words", "B='"])).toEqual({
      kind: "ssh",
      argv: ["-T", ...target, `config:set -a blog 'A=two words' 'B='\\'''`],
    });
  });

  test("with the app that was named", () => {
    expect(plan(["ps", "-a", "other"])).toMatchObject({ argv: ["-T", ...target, "ps -a other"] });
    expect(plan(["ps", "--app=other"])).toMatchObject({ argv: ["-T", ...target, "ps --app=other"] });
    expect(plan(["run", "--", "prog", "-a", "x"])).toMatchObject({ argv: ["-T", ...target, "run -a blog -- prog -a x"] });
  });

  test.each([
    [[]],
    [["help"]],
    [["keys:add", "me"]],
    [["tokens"]],
    [["apps"]],
    [["status"]],
    [["deploys:cancel", "7"]],
    [["--help"]],
    [["logs", "--help"]],
  ])("without an app for %j", (argv) => {
    expect(plan(argv)).toEqual({ kind: "ssh", argv: ["-T", ...target, ...(argv.length === 0 ? [] : [argv.join(" ")])] });
  });

  test("with a terminal only for run, and only from one", () => {
    expect(plan(["run", "sh"], { interactive: true })).toMatchObject({ argv: ["-t", ...target, "run -a blog sh"] });
    expect(plan(["run", "sh"])).toMatchObject({ argv: ["-T", ...target, "run -a blog sh"] });
    expect(plan(["logs"], { interactive: true })).toMatchObject({ argv: ["-T", ...target, "logs -a blog"] });
  });

  test("to this machine where there is no remote, or --data was given", () => {
    expect(plan(["ps", "blog"], { remoteUrl: null })).toEqual({ kind: "local", dataDirectory: null, argv: ["ps", "blog"] });
    expect(plan(["ps", "blog"], { dataDirectory: "/x" })).toEqual({ kind: "local", dataDirectory: "/x", argv: ["ps", "blog"] });
  });

  test("nowhere with an HTTP remote: commands need SSH", () => {
    expect(plan(["ps"], { remoteUrl: "http://h:8080/git/blog.git" })).toMatchObject({
      kind: "refuse",
      message: expect.stringContaining("commands go over SSH"),
    });
    expect(plan(["ps"], { remoteUrl: "/some/where" })).toMatchObject({ kind: "refuse" });
  });

  test.each([
    ["ssh://pushboat@h:2222/blog.git", { user: "pushboat", host: "h", port: 2222, app: "blog" }],
    ["ssh://h/blog", { user: "pushboat", host: "h", port: 22, app: "blog" }],
    ["ssh://pushboat@[::1]:2222/blog/", { user: "pushboat", host: "::1", port: 2222, app: "blog" }],
    ["pushboat@h:blog", { user: "pushboat", host: "h", port: 22, app: "blog" }],
    ["ssh://-oProxyCommand=id/blog", null],
    ["-oProxyCommand=id:blog", null],
    ["ssh://-l@h/blog", null],
    ["file:///tmp/x", null],
  ])("the remote %s is read as %j", (url, remote) => {
    expect(parseSshRemote(url)).toEqual(remote);
  });
});

describe("--data", () => {
  test.each([
    [["--data", "/x", "ps"], ["ps"], "/x"],
    [["ps", "blog", "--data", "/x"], ["ps", "blog"], "/x"],
    [["ps", "--data=/x"], ["ps"], "/x"],
    [["ps"], ["ps"], null],
    [["--data", "/x", "run", "blog", "prog", "--data", "y"], ["run", "blog", "prog", "--data", "y"], "/x"],
    [["run", "blog", "prog", "--data", "y"], ["run", "blog", "prog", "--data", "y"], null],
  ])("of %j leaves %j and is %j", (given, argv, dataDirectory) => {
    expect(splitDataOption(given)).toEqual({ argv, dataDirectory });
  });
});

describe("frames of the local door", () => {
  test("are read wherever the chunks end", () => {
    const stream = Buffer.concat([encodeFrame(FRAME.stdout, "one"), encodeFrame(FRAME.stdinEnd), encodeFrame(FRAME.exit, "0")]);
    for (let size = 1; size <= stream.length; size += 1) {
      const parser = new FrameParser();
      const frames = [];
      for (let at = 0; at < stream.length; at += size) frames.push(...parser.push(stream.subarray(at, at + size)));
      expect(frames.map(({ kind, payload }) => [kind, payload.toString()])).toEqual([
        [FRAME.stdout, "one"],
        [FRAME.stdinEnd, ""],
        [FRAME.exit, "0"],
      ]);
    }
  });

  test("that would never end are refused", () => {
    expect(() => new FrameParser().push(Buffer.from([0xff, 0xff, 0xff, 0xff, 1]))).toThrow("too long");
  });
});
