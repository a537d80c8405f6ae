import { describe, expect, it } from "vitest";
import { call } from "./call.ts";

/** What the first question to control was about: the environment's or the app's name, or nothing. */
async function targetOf(...argv: string[]) {
  const { asked, stderr } = await call(argv);
  const about = asked[0]?.with[0] as { name?: string } | string | undefined;
  return (typeof about === "object" ? about.name : about) ?? stderr;
}

describe("the target", () => {
  it.each([
    [["ps", "blog"], "blog"],
    [["ps", "-a", "blog"], "blog"],
    [["ps", "--app", "blog"], "blog"],
    [["ps", "--app=blog"], "blog"],
    [["-a", "blog", "ps"], "blog"],
    [["--app=blog", "ps"], "blog"],
    [["ps", "-a", "blog@feature-x"], "blog@feature-x"],
    [["ps", "blog@feature/with/slashes"], "blog@feature/with/slashes"],
    [["config:get", "-a", "blog", "GREETING"], "blog"],
    [["config:get", "GREETING", "-a", "blog"], "blog"],
    [["config:set", "A=1", "-a", "blog"], "blog"],
    [["ps:scale", "-a", "blog"], "blog"],
    [["ps:scale", "web=1", "-a", "blog"], "blog"],
    [["rollback", "-a", "blog", "v3"], "blog"],
    [["apps:info", "-a", "blog"], "blog"],
  ])("of %j is %s", async (argv, target) => {
    expect(await targetOf(...argv)).toBe(target);
  });

  it.each([
    [["ps", "-a", "here", "blog"], "blog"],
    [["config:get", "-a", "here", "blog", "GREETING"], "blog"],
    [["config:set", "-a", "here", "blog", "A=1"], "blog"],
    [["config:unset", "-a", "here", "blog@feature-x", "GREETING"], "blog@feature-x"],
    [["ps:scale", "-a", "here", "blog", "web=1"], "blog"],
    [["ps:scale", "-a", "here", "blog"], "blog"],
    [["rollback", "-a", "here", "blog"], "blog"],
    [["rollback", "-a", "here", "blog", "v3"], "blog"],
    [["run", "-a", "here", "blog", "--", "ls"], "blog"],
    [["ps:exec", "-a", "here", "blog", "web.1", "--", "ls"], "blog"],
    [["ps:exec", "-a", "here", "blog", "web.1", "ls"], "blog"],
  ])("that was typed wins over the directory's: %j", async (argv, target) => {
    expect(await targetOf(...argv)).toBe(target);
  });

  it("is no key of config:unset: with -a a word that could be both is a key, and must be set", async () => {
    const { exitCode, asked, stderr } = await call(["config:unset", "-a", "blog", "other", "GREETING"]);
    expect([exitCode, asked.map(({ method }) => method)]).toEqual([1, ["config"]]);
    expect(stderr).toContain("other is not set on blog; nothing was changed");
  });

  it.each([[["keys"]], [["status"]], [["deploys:attach", "42"]], [["version"]], [["help"]]])(
    "of %j is none, and the directory's is harmless",
    async (argv) => {
      expect((await call([...argv, "-a", "blog"])).exitCode).toBe(0);
    },
  );
});

describe("the words of ps:exec", () => {
  it.each([
    [["ps:exec", "blog", "web.1", "--", "sh", "-c", "ls"]],
    [["ps:exec", "blog", "web.1", "sh", "-c", "ls"]],
    [["ps:exec", "-a", "blog", "web.1", "--", "sh", "-c", "ls"]],
    [["ps:exec", "-a", "blog", "web.1", "sh", "-c", "ls"]],
    [["ps:exec", "-a", "here", "blog", "web.1", "--", "sh", "-c", "ls"]],
  ])("%j", async (argv) => {
    const { asked } = await call(argv);
    expect(asked).toEqual([{ method: "exec", with: [expect.objectContaining({ name: "blog" }), "web.1", ["sh", "-c", "ls"]] }]);
  });
  it("leave the command's own -- alone", async () => {
    const { asked } = await call(["ps:exec", "blog", "web.1", "npm", "test", "--", "-x"]);
    expect(asked[0]?.with[2]).toEqual(["npm", "test", "--", "-x"]);
  });
});

describe("maintenance", () => {
  it.each([
    [["maintenance:on", "blog"], "on"],
    [["maintenance", "on", "blog"], "on"],
    [["maintenance", "off", "-a", "blog"], "off"],
    [["maintenance", "-a", "blog", "on"], "on"],
    [["maintenance", "-a", "here", "on", "blog"], "on"],
    [["-a", "blog", "maintenance", "off"], "off"],
  ])("%j", async (argv, mode) => {
    expect((await call(argv)).asked).toEqual([{ method: "maintenance", with: [expect.objectContaining({ name: "blog" }), mode] }]);
  });
});
