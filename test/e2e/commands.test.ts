/** The commands as people type them: over plain ssh, on the server, and in a work tree whose remote names host and app. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CommandOptions, run } from "../support/command.ts";
import { givenPlatform, LAUNCHER, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

describe("commands", () => {
  let platform: Platform;
  let app: WorkingCopy;
  /** `pushboat ARGS` of a user who stands in the app's work tree. */
  let inWorkTree: (argv: readonly string[], options?: CommandOptions) => ReturnType<typeof run>;
  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "1000" } });
    app = await platform.givenApp(tinyApp("commanded"), { app: "blog" });
    expect((await app.push()).code).toBe(0);
    const path = `${sshWithTheUsersKey(platform)}:${process.env["PATH"]}`;
    inWorkTree = (argv, options) =>
      run([LAUNCHER, ...argv], { cwd: app.directory, env: { ...platform.client.environment, PATH: path }, ...options });
  });
  afterAll(() => platform?.stop());

  describe("over ssh", () => {
    it("nothing typed shows the help", async () => {
      const help = await platform.ssh("");
      expect([help.code, help.stderr]).toEqual([0, ""]);
      expect(help.stdout).toContain("config:set APP[@BRANCH]");
    });

    it("an unknown command is wrong usage and suggests the nearest", async () => {
      const refused = await platform.ssh("confg:set blog A=1");
      expect([refused.code, refused.stdout]).toEqual([2, ""]);
      expect(refused.stderr).toContain("Did you mean config:set?");
    });

    it("10,000 arguments are refused in few words", async () => {
      const refused = await platform.ssh(`ps blog ${Array.from({ length: 10_000 }, (_, i) => `word${i}`).join(" ")}`);
      expect([refused.code, refused.stderr.length < 500]).toEqual([2, true]);
      expect((await platform.ssh("ps blog")).code).toBe(0);
    });

    it("names that could be paths, options or terminal control reach nothing", async () => {
      for (const name of ["..", "../blog", "Blog", "'blog;id'", "'$(id)'", "'blog\u001b[2J'", "x".repeat(200), "''"]) {
        const refused = await platform.ssh(`ps ${name}`);
        expect([name, refused.code, refused.stderr.includes("\u001b"), refused.stderr.includes("[name/app]")]).toEqual([
          name,
          2,
          false,
          true,
        ]);
      }
    });

    it("failed is 1, wrong usage 2, done 0; only results are on stdout", async () => {
      const done = await platform.ssh("domains:add blog www.example.com");
      const failed = await platform.ssh("ps not-there");
      const wrong = await platform.ssh("ps:scale blog web=many");
      expect([done.code, failed.code, wrong.code]).toEqual([0, 1, 2]);
      expect([done.stdout, failed.stdout, wrong.stdout]).toEqual(["", "", ""]);
      expect((await platform.ssh("domains blog --json")).stdout).toBe('[\n  "www.example.com"\n]\n');
    });

    it("at a terminal a destroying command asks, and anything but the name destroys nothing", async () => {
      const ssh = `${platform.client.sshCommand} -tt -p ${platform.ports.ssh} pushboat@127.0.0.1 apps:destroy blog`;
      const asked = await run(["sh", "-c", `(sleep 1; printf 'blogg\\r'; sleep 2) | ${ssh}`], { env: platform.client.environment });
      expect(asked.code).toBe(2);
      expect(asked.output).toContain("Type blog to go on: blogg\r\n");
      expect((await platform.ssh("ps blog")).code).toBe(0);
    });

    it("Ctrl-C at a terminal ends following the log", async () => {
      const ssh = `${platform.client.sshCommand} -tt -p ${platform.ports.ssh} pushboat@127.0.0.1 logs blog -t`;
      const followed = await run(["sh", "-c", `(sleep 1; printf '\\003'; sleep 2) | ${ssh}`], { env: platform.client.environment });
      expect(followed.code).toBe(0);
    });
  });

  describe("in a work tree", () => {
    it("take host and app from the remote", async () => {
      const set = await inWorkTree(["config:set", "FROM=the work tree"]);
      expect([set.code, set.stdout]).toEqual([0, "FROM: the work tree\n"]);
      expect((await platform.http(app.host, "/env/FROM")).body).toBe("the work tree");
      expect((await inWorkTree(["config:get", "FROM"])).stdout).toBe("the work tree\n");
      expect((await inWorkTree(["ps:scale"])).stdout).toBe("web=1\n");
    });

    it("take an app that was typed all the same", async () => {
      expect((await inWorkTree(["ps", "another"])).stderr).toContain("another");
      expect((await inWorkTree(["config:get", "blog", "FROM"])).stdout).toBe("the work tree\n");
      expect((await inWorkTree(["config:get", "-a", "blog", "FROM"])).stdout).toBe("the work tree\n");
    });

    it("run gives the exit code of what it ran, with its own options", async () => {
      const ran = await inWorkTree(["run", "sh", "-c", 'echo "$FROM" "$@"; exit 7', "sh", "-a", "x", "--json"]);
      expect([ran.code, ran.stdout]).toEqual([7, "the work tree -a x --json\n"]);
    });

    it("maintenance on and off, as two words", async () => {
      expect((await inWorkTree(["maintenance", "on"])).code).toBe(0);
      await platform.expectHost(app.host).toAnswer(503);
      expect((await inWorkTree(["maintenance", "off"])).code).toBe(0);
      await platform.expectHost(app.host).toAnswer(200);
    });

    it("commands about the platform need no app", async () => {
      expect((await inWorkTree(["keys"])).stdout).toContain("tester@test");
      expect((await inWorkTree(["apps"])).stdout).toMatch(/^blog +up/m);
    });
  });

  it("on the server, 3 MB of input for a command that does not read it keep nobody waiting", async () => {
    const refused = await platform.pushboat(["ps", "misspelt"], { stdin: Buffer.alloc(3_000_000), timeoutMs: 20_000 });
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^ ! {5}there is no app called misspelt .*\n ! {5}See .*\n$/),
    ]);
  });

  it("on the server, what config -s prints is what config:import takes", async () => {
    const values = "A='it'\\''s'\nB='two\nlines'\nC=\"a\\tb\" # a tab\n";
    expect((await platform.pushboat(["config:import", "blog"], { stdin: values })).code).toBe(0);
    const shell = await platform.pushboat(["config", "blog", "-s"]);
    expect((await platform.ssh("apps:create copy")).code).toBe(0);
    expect((await platform.pushboat(["config:import", "copy"], { stdin: shell.stdout })).code).toBe(0);
    expect((await platform.ssh("config copy --json")).stdout).toBe((await platform.ssh("config blog --json")).stdout);
    expect(JSON.parse((await platform.ssh("config copy --json")).stdout)).toMatchObject({ A: "it's", B: "two\nlines", C: "a\tb" });
  });
});

/** The launcher calls plain `ssh`; this one has the test user's key and known hosts instead of those of who runs the test. */
function sshWithTheUsersKey({ client }: Platform): string {
  const directory = join(client.home, "bin");
  mkdirSync(directory);
  writeFileSync(join(directory, "ssh"), `#!/bin/sh\nexec /usr/bin/${client.sshCommand} "$@"\n`);
  chmodSync(join(directory, "ssh"), 0o755);
  return directory;
}
