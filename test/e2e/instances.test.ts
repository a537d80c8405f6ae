/** What is done with instances and one-offs by hand: ps:exec, run --detach, ps:stop, ps:start, ps:stats. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

const EXTRA = { Procfile: "web: node server.js\nworker: exec sleep 100000\n" };

describe("instances", () => {
  let platform: Platform;
  let app: WorkingCopy;
  const json = async <T>(command: string): Promise<T> => {
    const ended = await platform.ssh(`${command} --json`);
    if (ended.code !== 0) throw new Error(ended.output);
    return JSON.parse(ended.stdout) as T;
  };
  const restartControl = async (): Promise<void> => {
    const pid = platform.pid("control");
    process.kill(pid, "SIGKILL");
    await eventually("another control answers", async () => platform.pid("control") !== pid && (await platform.ssh("status")).code === 0);
  };

  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "1000", PUSHBOAT_STOP_TIMEOUT_MS: "2000" } });
    app = await platform.givenApp(tinyApp("alive", EXTRA), { app: "blog" });
    await app.mustPush();
    expect((await platform.ssh("config:set blog GREETING=hello")).code).toBe(0);
    expect((await platform.ssh("ps:scale blog worker=1")).code).toBe(0);
  });
  afterAll(() => platform?.stop());

  describe("ps:exec", () => {
    it("runs inside the instance: its processes, its config, its files; streams and exit code are the command's own", async () => {
      await platform.http(app.host, "/write?path=/tmp/mark&text=here");
      const ended = await platform.ssh(`ps:exec blog web.1 -- sh -c 'cat /tmp/mark; echo " $GREETING $DYNO"; cat; echo oops >&2; exit 9'`, {
        stdin: "typed\n",
      });
      expect([ended.code, ended.stdout, ended.stderr]).toEqual([9, "here hello web.1\ntyped\n", "oops\n"]);
      expect((await platform.ssh(`ps:exec blog web.1 'cat /proc/*/comm | sort -u'`)).stdout).toContain("MainThread");
    });

    it("stands behind the instance's own fences", async () => {
      const facts = `grep -hE "^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/$P/status; readlink /proc/$P/ns/user /proc/$P/ns/net /proc/$P/ns/pid /proc/$P/ns/mnt; cat /proc/$P/cgroup`;
      const looked = await platform.ssh(
        `ps:exec blog web.1 -- bash -c 'P=$(for p in /proc/[0-9]*; do grep -qx MainThread $p/comm && basename $p && break; done); ${facts}; echo ---; P=self; ${facts}; unshare -U true'`,
      );
      const [of = "", own = ""] = looked.stdout.split("---\n");
      expect(of).toContain("Seccomp:\t2");
      expect(own).toBe(of);
      expect(looked.code).not.toBe(0);
    });

    it("has a terminal of the client's size where the client has one", async () => {
      const command = `${platform.client.sshCommand} -tt -p ${platform.ports.ssh} pushboat@127.0.0.1 "ps:exec blog web.1 -- sh -c 'tty; stty size'"`;
      const ended = await run(["script", "-qec", `stty cols 91 rows 31; ${command}`, "/dev/null"], { env: platform.client.environment });
      expect(ended.output).toContain("/dev/pts/");
      expect(ended.output).toContain("31 91");
    });

    it("ends what it started when the client goes, and nothing else", async () => {
      await platform.ssh("ps:exec blog web.1 -- sleep 4242", { timeoutMs: 1500 }).catch(() => null);
      await eventually("the command is gone", async () => {
        const listed = await platform.ssh('ps:exec blog web.1 -- sh -c \'cat /proc/*/cmdline | tr "\\0" " "\'');
        return listed.code === 0 && !listed.stdout.includes("sleep 4242");
      });
      expect((await platform.http(app.host)).body).toContain("alive");
    });

    it("says what runs where the instance does not", async () => {
      const ended = await platform.ssh("ps:exec blog web.7 -- ls");
      expect([ended.code, ended.stderr]).toEqual([1, expect.stringContaining("no web.7 runs in blog")]);
    });
  });

  describe("ps:stats", () => {
    interface Stats {
      readonly name: string;
      readonly cpuPercent: number | null;
      readonly cpuMs: number;
      readonly memoryBytes: number;
      readonly writtenBytes: number;
      readonly receivedBytes: number;
      readonly sentBytes: number;
      readonly processes: number;
    }
    const web = async (): Promise<Stats> => {
      const found = (await json<readonly Stats[]>("ps:stats blog")).find(({ name }) => name === "web.1");
      if (found === undefined) throw new Error("web.1 is not shown");
      return found;
    };

    it("shows what an instance uses, as the kernel counts it", async () => {
      const before = await web();
      expect(before.memoryBytes).toBeGreaterThan(10_000_000);
      expect(before.processes).toBeGreaterThan(2);
      await platform.ssh(`ps:exec blog web.1 -- sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'`);
      await platform.http(app.host, `/write?path=/tmp/x&text=${"x".repeat(6000)}`);
      const after = await web();
      expect(after.cpuMs - before.cpuMs).toBeGreaterThan(20);
      expect(after.receivedBytes - before.receivedBytes).toBeGreaterThan(6000);
      expect(after.sentBytes).toBeGreaterThan(before.sentBytes);
      const name = (
        await platform.ssh("run --detach blog -- sh -c 'dd if=/dev/zero of=big bs=1M count=8 conv=fsync; sleep 1000'")
      ).stdout.trim();
      await eventually("what the run wrote is shown", async () => {
        const written = (await json<readonly Stats[]>("ps:stats blog")).find((one) => one.name === name)?.writtenBytes ?? 0;
        return written > 7_000_000;
      });
      await platform.ssh(`ps:stop blog ${name}`);
    });

    it("goes on with --follow until the client goes", async () => {
      const chunks: string[] = [];
      const followed = await platform
        .ssh("ps:stats blog --follow --json", { timeoutMs: 6000, onOutput: (text) => chunks.push(text) })
        .catch(() => null);
      const lines = chunks.join("").trim().split("\n");
      expect(lines.length).toBeGreaterThanOrEqual(2);
      for (const line of lines) expect((JSON.parse(line) as readonly Stats[]).map(({ name }) => name)).toContain("web.1");
      expect(followed).toBeNull();
    });
  });

  describe("run --detach", () => {
    interface Run {
      readonly name: string;
      readonly state: string;
      readonly exitCode: number | null;
      readonly reason: string | null;
    }
    const ended = (name: string) =>
      eventually(`${name} has ended`, async () => {
        const found = (await json<readonly Run[]>("run:history blog")).find((one) => one.name === name);
        if (found === undefined || found.state === "running") throw new Error(JSON.stringify(found));
        return found;
      });
    const detach = async (words: string): Promise<string> => {
      const started = await platform.ssh(`run --detach ${words}`);
      expect(started.stdout).toMatch(/^run\.\d+\n$/);
      return started.stdout.trim();
    };

    it("answers a name that ps and logs know, goes on while control is killed, and its end is written down", async () => {
      const name = await detach(`blog -- sh -c 'echo began as $DYNO; sleep 6; echo finished; exit 3'`);
      expect((await platform.ssh("ps blog")).stdout).toMatch(new RegExp(`${name}: up .*sh -c echo began`));
      await restartControl();
      expect(await json<readonly object[]>("ps blog")).toContainEqual(
        expect.objectContaining({ type: "run", index: Number(name.slice(4)) }),
      );
      expect(await ended(name)).toMatchObject({ state: "failed", exitCode: 3, reason: "exited with code 3" });
      expect((await platform.ssh(`logs blog -n 1000 -p ${name}`)).stdout).toMatch(new RegExp(`began as ${name}[^]*finished`));
      expect((await platform.ssh("ps blog")).stdout).not.toContain(name);
    });

    it("is ended by ps:stop, and by its time limit", async () => {
      const [stopped, limited] = [await detach("blog -- sleep 1000"), await detach("--timeout 1s blog -- sleep 1000")];
      expect((await platform.ssh(`ps:stop blog ${stopped}`)).code).toBe(0);
      expect(await ended(stopped)).toMatchObject({ state: "failed", reason: "ended by tester@test" });
      expect(await ended(limited)).toMatchObject({ state: "failed", reason: "ended after its time limit" });
    });
  });

  describe("ps:stop and ps:start", () => {
    interface Shown {
      readonly type: string;
      readonly index: number;
      readonly state: string;
    }
    const states = async () =>
      Object.fromEntries((await json<readonly Shown[]>("ps blog")).map(({ type, index, state }) => [`${type}.${index}`, state]));
    const must = async (command: string): Promise<string> => {
      const ended = await platform.ssh(command);
      if (ended.code !== 0) throw new Error(ended.output);
      return ended.output;
    };

    it("stop one instance or one type, and the others serve on", async () => {
      await must("ps:scale blog web=2");
      await must("ps:stop blog web.2");
      await must("ps:stop blog worker");
      await eventually("stopped", async () => {
        expect(await states()).toEqual({ "web.1": "up", "web.2": "stopped", "worker.1": "stopped" });
        return true;
      });
      expect((await platform.http(app.host)).body).toContain("alive");
      await must("ps:start blog web.2");
      expect(await states()).toEqual({ "web.1": "up", "web.2": "up", "worker.1": "stopped" });
    });

    it("a stopped environment says so at its URL and in ps, after a restart of control and after a deploy, until it is started", async () => {
      await must("ps:stop blog");
      const answers = async () => {
        const { status, body } = await platform.http(app.host);
        expect([status, body]).toEqual([503, expect.stringContaining("was stopped by its owner")]);
        await eventually("nothing runs", async () => {
          expect(await states()).toEqual({ "web.1": "stopped", "web.2": "stopped", "worker.1": "stopped" });
          return true;
        });
      };
      await answers();
      await restartControl();
      await answers();
      app.write("text.js", 'module.exports = "second";\n');
      expect((await app.mustPush()).output).toContain("web, worker stopped, and stays so: ps:start blog");
      await answers();
      expect((await json<readonly { state: string }[]>("envs blog"))[0]?.state).toBe("stopped");
      await must("ps:start blog");
      await platform.expectHost(app.host).toAnswer("second");
      expect(await states()).toEqual({ "web.1": "up", "web.2": "up", "worker.1": "up" });
    });

    it("what does not come up stays stopped, and says why", async () => {
      await must("ps:stop blog");
      await must("config:set blog NODE_OPTIONS=--no-such-option");
      const started = await platform.ssh("ps:start blog");
      expect([started.code, started.output]).toEqual([1, expect.stringContaining("exited with code")]);
      expect((await platform.http(app.host)).body).toContain("was stopped by its owner");
      await must("config:unset blog NODE_OPTIONS");
      await must("ps:start blog");
      await platform.expectHost(app.host).toAnswer("second");
    });

    it("say what there is where the name is none", async () => {
      const ended = await platform.ssh("ps:stop blog clock");
      expect([ended.code, ended.stderr]).toEqual([1, expect.stringContaining("There are: web (2), worker (1)")]);
    });
  });
});
