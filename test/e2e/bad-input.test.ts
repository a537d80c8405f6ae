/** The list of bad input, line by line: each gets a clear error, and a neighbour under load does not notice. */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mustRun, run } from "../support/command.ts";
import { type ConstantLoad, givenLoad } from "../support/constant-load.ts";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp, tinyText } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

const LOAD_PER_SECOND = 50;
/** A flood that nobody rotates would be a gigabyte in this time. */
const FLOOD_MS = 10_000;
const FLOOD_KEPT_BYTES = 200 * 1024 * 1024;

describe("bad input", () => {
  let platform: Platform;
  let load: ConstantLoad;
  beforeAll(async () => {
    platform = await givenPlatform({
      settings: { PUSHBOAT_BOOT_TIMEOUT_MS: "8000", PUSHBOAT_DRAIN_TIMEOUT_MS: "1000", PUSHBOAT_STOP_TIMEOUT_MS: "3000" },
    });
    const neighbour = await platform.givenApp(tinyApp("neighbour"), { app: "neighbour" });
    await neighbour.mustPush();
    const target = { port: platform.ports.http, host: neighbour.host, path: "/", ratePerSecond: LOAD_PER_SECOND };
    load = givenLoad(target);
  });
  afterAll(() => platform?.stop());

  describe("as the name of an app", () => {
    const names = ["..", "../../etc", "a/b", "Blog", "x".repeat(200), "a;id", "$(id)", "`id`", "-rf", "a b", "git"];
    it.each(names)("%s is refused by a push", async (name) => {
      const app = await platform.givenApp(tinyApp("never"), { app: "named" });
      const pushed = await app.git(["push", `ssh://pushboat@127.0.0.1:${platform.ports.ssh}/${name}`, "HEAD:refs/heads/main"]);
      expect(pushed.code).not.toBe(0);
      expect(errors(pushed.stderr)).toMatchSnapshot();
    });

    it.each(names)("%s is refused by apps:create", async (name) => {
      const refused = await platform.ssh(`apps:create -- '${name}'`);
      expect(refused.code).not.toBe(0);
      expect(errors(refused.stderr)).toMatchSnapshot();
    });
  });

  describe("in a push", () => {
    let app: WorkingCopy;
    beforeAll(async () => {
      app = await platform.givenApp(tinyApp("good"), { app: "pushed" });
      await app.mustPush();
    });

    it("a branch called -- is refused", async () => {
      const pushed = await app.git(["push", "pushboat", "HEAD:refs/heads/--"]);
      expect(pushed.code).not.toBe(0);
      expect(errors(pushed.stderr)).toMatchSnapshot();
    });

    it("no commits at all changes nothing", async () => {
      const empty = await platform.givenApp({}, { app: "empty-tree" });
      const pushed = await empty.push();
      expect(pushed.code).not.toBe(0);
      expect(errors(pushed.stderr)).toMatchSnapshot();
      await empty.git(["checkout", "-q", "--orphan", "nothing"]);
      expect((await empty.git(["push", "pushboat", "nothing"])).stderr).toContain("does not match any");
    });

    it("a tag deploys nothing", async () => {
      await app.git(["tag", "-f", "v1.0"]);
      const before = (await platform.ssh("releases pushed --json")).stdout;
      const pushed = await app.git(["push", "pushboat", "v1.0"]);
      expect(errors(pushed.stderr)).toMatchSnapshot();
      expect((await platform.ssh("releases pushed --json")).stdout).toBe(before);
    });

    it("the deletion of main is refused", async () => {
      const pushed = await app.git(["push", "pushboat", "--delete", "main"]);
      expect(pushed.code).not.toBe(0);
      expect(errors(pushed.stderr)).toMatchSnapshot();
      await platform.expectHost(app.host).toAnswer("good");
    });

    it("refs/notes is refused", async () => {
      await app.git(["notes", "add", "-f", "-m", "note"]);
      const pushed = await app.git(["push", "pushboat", "refs/notes/commits"]);
      expect(pushed.code).not.toBe(0);
      expect(errors(pushed.stderr)).toMatchSnapshot();
    });

    it("300 branches at once: three deploy, the others are told why not", async () => {
      const refs = Array.from({ length: 300 }, (_, index) => `HEAD:refs/heads/many-${index}`);
      const pushed = await app.git(["push", "pushboat", ...refs]);
      expect(pushed.code).not.toBe(0);
      expect(pushed.stderr.match(/\[new branch\]/g) ?? []).toHaveLength(3);
      expect(pushed.stderr.match(/! \[remote rejected\]/g) ?? []).toHaveLength(297);
      expect(errors(pushed.stderr).split("\n")[0]).toMatchSnapshot();
      for (const environment of (await platform.ssh("envs pushed")).stdout.match(/pushed@\S+/g) ?? []) {
        await platform.ssh(`envs:destroy ${environment} --confirm ${environment}`);
      }
    });

    it("an unknown push option is refused", async () => {
      const pushed = await app.push("main", { gitOptions: ["-o", "frobnicate"] });
      app.write("text.js", 'module.exports = "with an option";\n');
      const refused = await app.push("main", { gitOptions: ["-o", "frobnicate"] });
      expect(pushed.stderr).toContain("up-to-date");
      expect(refused.code).not.toBe(0);
      expect(errors(refused.stderr)).toMatchSnapshot();
    });

    it("two pushes from one base at the same moment: one wins, and ref, release and answer agree", async () => {
      const racing = ["left", "right"].map(async (side) => {
        const clone = `${app.directory}-${side}`;
        await mustRun(["git", "clone", "-q", app.directory, clone], { env: platform.client.environment });
        const git = (...argv: string[]) => platform.client.git(argv, { cwd: clone });
        await run(["sh", "-c", `printf 'module.exports = "${side}";\\n' > ${join(clone, "text.js")}`]);
        await git("commit", "-qam", side);
        return git;
      });
      const [left, right] = (await Promise.all(racing)) as [
        (...argv: string[]) => ReturnType<WorkingCopy["git"]>,
        (...argv: string[]) => ReturnType<WorkingCopy["git"]>,
      ];
      const base = (await app.git(["ls-remote", "pushboat", "refs/heads/main"])).stdout.split("\t")[0] as string;
      const both = await Promise.all(
        [left, right].map((git) => git("push", app.remoteUrl, `--force-with-lease=main:${base}`, "HEAD:refs/heads/main")),
      );
      expect(both.filter(({ code }) => code === 0)).toHaveLength(1);
      const loser = both.find(({ code }) => code !== 0);
      expect(loser?.stderr).toMatch(/(superseded|stale|moved|rejected)/);
      const winner = both[0]?.code === 0 ? "left" : "right";
      await platform.expectHost(app.host).toAnswer(winner);
      const head = (await (winner === "left" ? left : right)("rev-parse", "HEAD")).stdout.trim();
      expect((await app.git(["ls-remote", "pushboat", "refs/heads/main"])).stdout.split("\t")[0]).toBe(head);
    });
  });

  describe("in a repository", () => {
    it("a symlink to /etc/shadow shows the app nothing of the host", async () => {
      const app = await platform.givenApp(tinyApp("linked"), { app: "linked" });
      symlinkSync("/etc/shadow", join(app.directory, "leak"));
      await app.mustPush();
      expect((await platform.http(app.host, "/read?path=/app/leak")).body).toBe("EACCES");
      const site = await platform.givenApp({ "index.html": "<p>site</p>" }, { app: "linked-site" });
      symlinkSync("/etc/shadow", join(site.directory, "leak.txt"));
      symlinkSync("/etc/passwd", join(site.directory, "users.txt"));
      await site.mustPush();
      expect((await platform.http(site.host, "/leak.txt")).status).toBeGreaterThanOrEqual(400);
      expect((await platform.http(site.host, "/users.txt")).body).not.toContain("pushboat");
    });

    it("a submodule is not fetched, and the output says so", async () => {
      const app = await platform.givenApp(
        tinyApp("with a submodule", { ".gitmodules": '[submodule "dep"]\n\tpath = dep\n\turl = ../dep\n' }),
        { app: "submodule" },
      );
      await app.git(["update-index", "--add", "--cacheinfo", "160000,1111111111111111111111111111111111111111,dep"]);
      await app.git(["commit", "-qm", "Submodule"]);
      const pushed = await app.git(["push", "pushboat", "HEAD:refs/heads/main"]);
      expect(pushed.code).toBe(0);
      expect(pushed.stderr).toContain("Submodules are not fetched");
    });

    it("a file called -rf is a file like any other", async () => {
      const app = await platform.givenApp(tinyApp("dashed", { "-rf": "kept", "--help": "kept too" }), { app: "dashed" });
      await app.mustPush();
      expect((await platform.http(app.host, "/read?path=/app/-rf")).body).toBe("kept");
      expect((await platform.http(app.host, "/read?path=/app/--help")).body).toBe("kept too");
    });

    it("a file of 1 GB is refused by its name and size", async () => {
      const app = await platform.givenApp(tinyApp("large"), { app: "large" });
      await mustRun(["truncate", "-s", "1G", join(app.directory, "large.bin")]);
      const pushed = await app.push("main", { timeoutMs: 280_000 });
      expect(pushed.code).not.toBe(0);
      expect(errors(pushed.stderr)).toMatchSnapshot();
    });

    it.each(["failing-procfile-duplicate", "failing-procfile-type", "failing-json"])(
      "%s is refused with the place of the mistake",
      async (fixture) => {
        const app = await platform.givenApp(fixture, { app: fixture });
        const pushed = await app.push();
        expect(pushed.code).not.toBe(0);
        expect(errors(pushed.stderr)).toMatchSnapshot();
      },
    );

    it("a path that leaves the repository is refused", async () => {
      const app = await platform.givenApp(tinyApp("escape"), { app: "escape" });
      await app.git(["config", "core.protectNTFS", "false"]);
      const blob = (await app.git(["hash-object", "-w", "text.js"])).stdout.trim();
      const tree = (await app.git(["mktree"], { stdin: `100644 blob ${blob}\t..\n` })).stdout.trim();
      const commit = (await app.git(["commit-tree", tree, "-m", "escape"])).stdout.trim();
      const pushed = await app.git(["push", "pushboat", `${commit}:refs/heads/main`]);
      expect(pushed.code).not.toBe(0);
    });
  });

  describe("an app that", () => {
    it.each([
      ["never binds its port", "failing-unbound"],
      ["binds 127.0.0.1", "failing-loopback"],
      ["exits at once", "failing-exit"],
      ["forks without end", "failing-fork-bomb"],
      ["fails its build", "failing-build"],
      ["fails its release command", "failing-release"],
    ])("%s is told so", async (_, fixture) => {
      const app = await platform.givenApp(fixture, { app: fixture });
      const pushed = await app.push();
      expect(pushed.code).not.toBe(0);
      expect(errors(pushed.stderr)).toMatchSnapshot();
      await platform.ssh(`apps:destroy ${fixture} --confirm ${fixture}`);
    });

    it("forks without end after it went live stays within its own limit", async () => {
      const bomb = { "bomb.sh": "f() { f | f & }; f; sleep 30\n", Procfile: "web: node server.js\nworker: sh bomb.sh\n" };
      const app = await platform.givenApp(tinyApp("bomber", bomb), { app: "bomber" });
      await app.mustPush();
      await platform.ssh("ps:scale bomber worker=1");
      await platform.expectHost(app.host).toAnswer("bomber");
      expect((await platform.ssh("apps:destroy bomber --confirm bomber")).code).toBe(0);
    });

    it("writes 100 MB of log a second fills no disk", async () => {
      const app = await platform.givenApp("failing-log-flood", { app: "flood" });
      await app.mustPush();
      await new Promise((resolve) => setTimeout(resolve, FLOOD_MS));
      const kept = await run(["du", "-sb", join(platform.dataDirectory, "logs")]);
      expect(Number(kept.stdout.split("\t")[0])).toBeLessThan(FLOOD_KEPT_BYTES);
      expect((await platform.ssh("logs flood -n 3")).stdout).toContain("xxx");
      expect((await platform.ssh("apps:destroy flood --confirm flood")).code).toBe(0);
    });
  });

  describe("from an SSH client", () => {
    it("an unknown command is refused with the nearest one", async () => {
      const refused = await platform.ssh("confg:set blog A=1");
      expect(refused.code).toBe(2);
      expect(errors(refused.stderr)).toMatchSnapshot();
    });

    it("shell tricks reach no shell", async () => {
      const refused = await platform.ssh("apps; touch /tmp/pushboat-pwned");
      expect(refused.code).not.toBe(0);
      expect((await run(["ls", "/tmp/pushboat-pwned"])).code).not.toBe(0);
    });

    it("10,000 arguments are answered", async () => {
      const refused = await platform.ssh(`apps:info ${"a ".repeat(10_000)}`);
      expect(refused.code).toBe(2);
      expect(errors(refused.stderr)).toMatchSnapshot();
    });

    it("nothing at all shows the help", async () => {
      const helped = await platform.ssh("");
      expect(helped.output).toContain("config:set");
    });

    it("an unclosed quote is refused", async () => {
      const refused = await platform.ssh("config:set blog 'A=1");
      expect(refused.code).toBe(2);
      expect(errors(refused.stderr)).toMatchSnapshot();
    });

    it("a subsystem, a forwarding and another user get nothing", async () => {
      const { sshCommand, environment } = platform.client;
      const port = String(platform.ports.ssh);
      const sftp = await run(["sh", "-c", `${sshCommand} -p ${port} -s pushboat@127.0.0.1 sftp </dev/null`], {
        env: environment,
        timeoutMs: 15_000,
      });
      expect(sftp.code).not.toBe(0);
      const forwarded = await run(
        ["sh", "-c", `${sshCommand} -p ${port} -W 127.0.0.1:${platform.ports.http} pushboat@127.0.0.1 </dev/null`],
        { env: environment, timeoutMs: 15_000 },
      );
      expect(forwarded.code).not.toBe(0);
      const other = await run(["sh", "-c", `${sshCommand} -p ${port} root@127.0.0.1 apps </dev/null`], {
        env: environment,
        timeoutMs: 15_000,
      });
      expect(other.code).not.toBe(0);
    });
  });

  // how long its answers took is a figure, not a test: `npm run bench neighbour`
  it("did not touch the neighbour: no failed request", async () => {
    expect((await load.end()).failures).toEqual([]);
  });

  it("left the platform in order: a push still works", async () => {
    const app = await platform.givenApp(tinyApp("still here"), { app: "after" });
    await app.mustPush();
    for (const [path, text] of Object.entries(tinyText("and again"))) app.write(path, text);
    await app.mustPush();
    await eventually("it answers", async () => (await platform.http(app.host)).body.includes("and again"));
  });
});

/** The lines of an error, with what differs from run to run replaced. */
function errors(stderr: string): string {
  return stderr
    .split("\n")
    .filter((line) => /^remote: ( !|[^\s-])|^ !|^fatal:|^error:/.test(line))
    .map((line) => line.replace(/^remote: /, "").trimEnd())
    .join("\n")
    .replaceAll(/\b[0-9a-f]{40}\b|\b[0-9a-f]{7}\b/g, "COMMIT")
    .replaceAll(/127\.0\.0\.1:\d+/g, "HOST:PORT")
    .replaceAll(/localhost:\d+/g, "localhost:PORT")
    .replaceAll(/-p \d+ /g, "-p PORT ")
    .replaceAll(/198\.1[89]\.\d+\.\d+/g, "ADDRESS")
    .replaceAll(/([Dd]eployment|deploys:attach) \d+/g, "$1 N")
    .replaceAll(/\d+(\.\d+)? (ms|s)\b/g, "TIME");
}
