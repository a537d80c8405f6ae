/** run (one-off containers) and logs, as somebody at a terminal uses them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

describe("run", () => {
  let platform: Platform;
  let app: WorkingCopy;
  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "1000" } });
    app = await platform.givenApp(tinyApp("tools"), { app: "blog" });
    await app.mustPush();
    expect((await platform.ssh("config:set blog SECRET=known")).code).toBe(0);
  });
  afterAll(() => platform?.stop());

  it("gives the command's own exit code, output and config", async () => {
    const ended = await platform.ssh(`run blog -- sh -c 'echo "secret is $SECRET"; echo oops >&2; exit 42'`);
    expect([ended.code, ended.stdout, ended.stderr]).toEqual([42, "secret is known\n", expect.stringContaining("oops")]);
  });

  it("passes standard input through", async () => {
    const ended = await platform.ssh("run blog -- wc -c", { stdin: "x".repeat(100_000) });
    expect(ended.stdout.trim()).toBe("100000");
  });

  it("runs in a container of its own, not as root, apart from web", async () => {
    const ended = await platform.ssh("run blog -- sh -c 'id -u; hostname; ls /proc | grep -c ^[0-9]'");
    const [uid, , processes] = ended.stdout.trim().split("\n");
    expect(uid).toBe("1000");
    expect(Number(processes)).toBeLessThan(8);
  });

  it("has a terminal with the client's size when the client has one", async () => {
    const command = `${platform.client.sshCommand} -tt -p ${platform.ports.ssh} pushboat@127.0.0.1 "run blog -- sh -c 'tty; stty size; echo \\$TERM'"`;
    const ended = await run(["script", "-qec", `stty cols 101 rows 33; ${command}`, "/dev/null"], {
      env: { ...platform.client.environment, TERM: "xterm-256color" },
    });
    expect(ended.stdout).toMatch(/\/dev\/(pts|console)/);
    expect(ended.stdout).toContain("33 101");
    expect(ended.stdout).toContain("xterm-256color");
    expect(ended.code).toBe(0);
  });

  it("passes Ctrl-C on through the terminal", async () => {
    const command = `${platform.client.sshCommand} -tt -p ${platform.ports.ssh} pushboat@127.0.0.1 "run blog -- sh -c 'trap \\"echo caught; exit 9\\" INT; echo ready; sleep 30 & wait'"`;
    const ended = await run(["sh", "-c", `(sleep 4; printf '\\003'; sleep 5) | ${command}`], { env: platform.client.environment });
    expect(ended.stdout).toContain("caught");
    expect(ended.code).toBe(9);
  });

  it("leaves no container behind when the client goes", async () => {
    const gone = platform.ssh("run blog -- sleep 1234", { timeoutMs: 3000 }).catch(() => "killed");
    expect(await gone).toBe("killed");
    await eventually(
      "the sleeping process is gone",
      async () => (await run(["sh", "-c", "ps -eo args | grep -v grep | grep -c 'sleep 1234'"])).stdout.trim() === "0",
    );
  });

  it("says what is wrong with a command that is not there", async () => {
    const ended = await platform.ssh("run blog -- no-such-program");
    expect(ended.code).toBe(127);
    expect(ended.stderr).toContain("no-such-program");
  });

  it("is told by ps:signal: a killed instance is started again, one that does not run is refused", async () => {
    const refused = await platform.ssh("ps:signal blog web.9 HUP");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("instance/not-running")]);
    expect((await platform.ssh("ps:signal blog web.1 KILL")).code).toBe(0);
    await eventually("web.1 is up again after its end", async () => {
      const [web] = JSON.parse((await platform.ssh("ps blog --json")).stdout) as { state: string; restarts: number }[];
      return web?.state === "up" && web.restarts === 1;
    });
    expect((await platform.ssh("logs blog -n 200")).stdout).toMatch(/pushboat\[web\.1\]: SIGKILL sent by/);
  });

  describe("logs", () => {
    it("have the time, the process and the router's line for a request", async () => {
      await platform.http(app.host, "/say?text=first+words");
      const line = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00 app\[web\.1\]: first words$/m;
      await eventually("the line is there", async () => line.test((await platform.ssh("logs blog -n 50")).stdout));
      const router =
        /pushboat\[router\]: at=info method=GET path="\/say\?text=first\+words" host=blog\.localhost\S* request_id=\S+ fwd="127\.0\.0\.1" dyno=web\.1 connect=\d+ms service=\d+ms status=200 bytes=\d+ protocol=http/;
      await eventually("the router's line too", async () => router.test((await platform.ssh("logs blog -n 50")).stdout));
    });

    it("give exactly the last n lines, of one process type where asked", async () => {
      for (let i = 1; i <= 5; i++) await platform.http(app.host, `/say?text=numbered+${i}`);
      const last = await eventually("all five", async () => {
        const logs = (await platform.ssh("logs blog -n 3 -p web")).stdout.trim().split("\n");
        return logs.at(-1)?.endsWith("numbered 5") === true ? logs : false;
      });
      expect(last.map((line) => line.replace(/^.*: /, ""))).toEqual(["numbered 3", "numbered 4", "numbered 5"]);
    });

    it("follow across a deploy and show both versions", async () => {
      let followed = "";
      const following = platform
        .ssh("logs blog -t -n 0", {
          timeoutMs: 25_000,
          onOutput: (text) => {
            followed += text;
          },
        })
        .catch(() => null);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await platform.http(app.host, "/say?text=before+the+deploy");
      app.write("text.js", 'module.exports = "deployed";\n');
      await app.mustPush();
      await platform.http(app.host, "/say?text=after+the+deploy");
      await eventually(
        "both sides of the deploy",
        async () =>
          followed.includes("before the deploy") && followed.includes("listening with deployed") && followed.includes("after the deploy"),
        15_000,
      );
      expect(followed).toContain("pushboat[api]");
      await following;
    });

    it("are kept across deploys", async () => {
      expect((await platform.ssh("logs blog -n 1000")).stdout).toContain("first words");
    });
  });
});
