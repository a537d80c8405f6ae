import { afterEach, describe, expect, test } from "vitest";
import { gitEnvironment, serviceConfig } from "../../../receiver/git/environment.ts";
import { isProtocol, serviceArguments } from "../../../receiver/git/service.ts";
import { readShallowPrefix } from "../../../receiver/git/shallow.ts";

afterEach(() => {
  delete process.env["GIT_DIR"];
});

describe("a git child", () => {
  test("inherits nothing", () => {
    process.env["GIT_DIR"] = "/elsewhere";
    expect(gitEnvironment()).toMatchInlineSnapshot(`
      {
        "GIT_CONFIG_COUNT": "0",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      }
    `);
  });

  test("gets its config by environment, so that it holds for every repository at once", () => {
    const environment = gitEnvironment(serviceConfig({ maxPushBytes: 1234 }, "/data/githooks"));
    const config = Object.fromEntries(
      Array.from({ length: Number(environment["GIT_CONFIG_COUNT"]) }, (_, i) => [
        environment[`GIT_CONFIG_KEY_${i}`],
        environment[`GIT_CONFIG_VALUE_${i}`],
      ]),
    );
    expect(config).toMatchObject({
      "core.hooksPath": "/data/githooks",
      "receive.procReceiveRefs": "refs",
      "receive.unpackLimit": "1",
      "receive.maxInputSize": "1234",
      "receive.autogc": "false",
      "transfer.fsckObjects": "true",
      "transfer.hideRefs": "refs/pushboat",
    });
  });

  test.each([
    [{ service: "receive-pack", mode: "conversation" } as const, ["receive-pack", "/data/blog.git"]],
    [{ service: "receive-pack", mode: "exchange" } as const, ["receive-pack", "--stateless-rpc", "/data/blog.git"]],
    [
      { service: "upload-pack", mode: "advertise" } as const,
      ["upload-pack", "--strict", "--stateless-rpc", "--advertise-refs", "/data/blog.git"],
    ],
  ])("for %j is started with exactly these arguments", (request, args) => {
    expect(serviceArguments(request, "/data/blog.git")).toEqual(args);
  });

  test.each([
    ["version=2", true],
    ["version=1:key=value", true],
    [null, false],
    ["", false],
    ["version=2\nGIT_DIR=/", false],
    ["$(id)", false],
    ["x".repeat(101), false],
  ])("gets GIT_PROTOCOL=%j: %s", (text, given) => {
    expect(isProtocol(text)).toBe(given);
  });
});

describe("what a shallow client declares", () => {
  const [a, b] = ["a".repeat(40), "b".repeat(40)];
  const line = (commit: string, end = ""): string =>
    `${(4 + 8 + commit.length + end.length).toString(16).padStart(4, "0")}shallow ${commit}${end}`;
  const command = `00a0${"0".repeat(40)} ${a} refs/heads/main\0report-status`;

  test("stands in front of its commands", () => {
    expect(readShallowPrefix(Buffer.from(line(a) + line(b, "\n") + command))).toEqual({
      commits: [a, b],
      length: line(a).length + line(b, "\n").length,
    });
    expect(readShallowPrefix(Buffer.from(line("c".repeat(64)) + command))).toEqual({ commits: ["c".repeat(64)], length: 76 });
  });

  test("is nothing in a push from a whole clone, a flush, or garbage", () => {
    for (const text of [command, "0000", "garbage", `0034shallow ${"z".repeat(40)}`, "0004"])
      expect(readShallowPrefix(Buffer.from(text))).toEqual({ commits: [], length: 0 });
  });

  test("is not known before its line has come whole", () => {
    const whole = line(a) + command;
    for (let length = 0; length < line(a).length + 4; length += 1)
      expect(readShallowPrefix(Buffer.from(whole.slice(0, length)))).toBeNull();
  });
});
