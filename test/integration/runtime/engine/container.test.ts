import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ended, type GivenEngine, givenEngine } from "./given-engine.ts";
import { answering } from "./perl-scripts.ts";

let given: GivenEngine;
beforeAll(async () => {
  given = await givenEngine();
});
afterAll(() => given.end());

describe("a container", () => {
  test("answers TCP from the host at its address", async () => {
    const container = await given.engine.start(given.spec("answers", answering(5000, "hello")));
    expect(await ask(container.ip ?? "", 5000)).toBe("hello\n");
    await given.engine.kill("answers", "KILL");
    await given.engine.remove("answers");
  });

  test("is an ordinary user inside and one of the slot's range outside", async () => {
    const container = await given.engine.start(given.spec("users", ["sleep", "60"], { slot: 7 }));
    const status = readFileSync(`/proc/${container.pid}/status`, "utf8");
    const outside = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
    expect(outside % 65_536).toBe(1000);
    expect(outside).toBeGreaterThan(0x4000_0000);
    expect(await given.output("user-inside", "id")).toContain("uid=1000(app) gid=1000(app)");
    await given.engine.remove("users");
  });

  test("two slots have different users outside", async () => {
    const one = await given.engine.start(given.spec("slot-1", ["sleep", "60"], { slot: 1 }));
    const two = await given.engine.start(given.spec("slot-2", ["sleep", "60"], { slot: 2 }));
    const uid = (pid: number) => /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    expect(uid(one.pid)).not.toBe(uid(two.pid));
    await Promise.all([given.engine.remove("slot-1"), given.engine.remove("slot-2")]);
  });

  test("has no capabilities, no new privileges and a system call filter", async () => {
    const status = await given.output("fences", "cat /proc/self/status");
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) expect(status).toMatch(new RegExp(`^${set}:\\s+0+$`, "m"));
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
  });

  test("cannot make namespaces or mounts, as user or as root of its namespace", async () => {
    for (const uid of [1000, 0]) {
      const text = await given.output(
        `refused-${uid}`,
        "unshare -U true 2>&1 || echo refused-user; unshare -m true 2>&1 || echo refused-mount; mount -t tmpfs none /tmp 2>&1 || echo refused-tmpfs",
        { uid, gid: uid },
      );
      expect(text).toContain("refused-user");
      expect(text).toContain("refused-mount");
      expect(text).toContain("refused-tmpfs");
    }
  });

  test("sees only its own processes, its own network device and its own memory limit", async () => {
    const text = await given.output(
      "sees",
      "ls /proc | tr '\\n' ' '; ls /sys/class/net; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null",
    );
    expect(text.match(/\b\d+\b/g)?.filter((number) => Number(number) < 1000).length).toBeLessThan(8);
    expect(text).toContain("eth0\nlo\n");
    expect(text).toContain(String(128 * 1024 * 1024));
  });

  test("gets the environment, a home, the working directory, and names for itself", async () => {
    const text = await given.output("named", 'echo "$GREETING|$HOME|$PWD"; cat /etc/hostname /etc/hosts', {
      env: { GREETING: "hi there\nyou" },
    });
    expect(text).toContain("hi there\nyou|/app|/app\n");
    expect(text).toContain("named\n127.0.0.1 localhost\n198.1");
  });

  test("writes into its own layer only, and two containers of one layer do not see each other's files", async () => {
    expect(await given.output("writer-1", "echo x > /app/mine; ls /app")).toBe("mine\n");
    expect(await given.output("writer-2", "ls /app")).toBe("");
  });

  test("sees upper layers over lower ones, and whiteouts hide files", async () => {
    const upper = mkdtempSync(`${given.settings.dataDirectory}/layers/upper-`);
    mkdirSync(`${upper}/etc`);
    execFileSync("mknod", [`${upper}/etc/group`, "c", "0", "0"]);
    chmodSync(upper, 0o755);
    const text = await given.output("layered", "cat /etc/group 2>&1; cat /etc/passwd", {
      layers: [
        { id: "a", kind: "base", title: "a", directories: [given.rootfs] },
        { id: "b", kind: "app", title: "b", directories: [upper] },
      ],
    });
    expect(text).toContain("No such file");
    expect(text).toContain("app:x:1000:1000");
  });

  test("shows a command that does not exist as exit code 127", async () => {
    await given.engine.start(given.spec("missing", ["/no/such/command"]));
    expect(await ended(given.engine, "missing")).toEqual({ exitCode: 127, outOfMemory: false, unknown: false });
    expect(given.log("missing")).toContain("No such file or directory");
    await given.engine.remove("missing");
  });

  test("gives its exit code, or 128 and the signal", async () => {
    await given.engine.start(given.spec("seven", ["sh", "-c", "exit 7"]));
    expect((await ended(given.engine, "seven")).exitCode).toBe(7);
    await given.engine.start(given.spec("killed", ["sleep", "60"]));
    await given.engine.kill("killed", "KILL");
    expect(await ended(given.engine, "killed")).toEqual({ exitCode: 137, outOfMemory: false, unknown: false });
    await Promise.all([given.engine.remove("seven"), given.engine.remove("killed")]);
  });

  test("is told to end by TERM to every process in it", async () => {
    const loop = "echo ready; while :; do sleep 0.05; done";
    const script = `(trap "echo child ends; exit 0" TERM; ${loop}) & trap "echo parent ends; wait; exit 0" TERM; ${loop}`;
    await given.engine.start(given.spec("family", ["sh", "-c", script]));
    await untilTrue(() => given.log("family") === "ready\nready\n");
    await given.engine.kill("family", "TERM");
    expect((await ended(given.engine, "family")).exitCode).toBe(0);
    expect(given.log("family")).toContain("parent ends");
    expect(given.log("family")).toContain("child ends");
    await given.engine.remove("family");
  });

  test("ends by memory when it takes more than it may", async () => {
    await given.engine.start(
      given.spec("hungry", ["perl", "-e", "my @all; push @all, 'x' x 1_000_000 while 1"], { memoryBytes: 32 * 1024 * 1024 }),
    );
    expect(await ended(given.engine, "hungry")).toEqual({ exitCode: 137, outOfMemory: true, unknown: false });
    await given.engine.remove("hungry");
  });

  test("cannot have more processes than it may", async () => {
    const text = await given.output(
      "forks",
      "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 5 & done 2>&1; echo after",
      { pids: 10 },
    );
    expect(text.toLowerCase()).toContain("fork");
  });

  test("shows its memory in use while it runs, and 0 when it is gone", async () => {
    await given.engine.start(given.spec("eater", ["perl", "-e", "my $x = 'x' x 20_000_000; sleep 60"]));
    await untilTrue(() => given.engine.memoryBytes("eater") > 18_000_000);
    await given.engine.remove("eater");
    expect(given.engine.memoryBytes("eater")).toBe(0);
  });

  test("refuses an id that is taken, and leaves the one that has it alone", async () => {
    await given.engine.start(given.spec("taken", ["sleep", "60"]));
    await expect(given.engine.start(given.spec("taken", ["sleep", "60"]))).rejects.toThrow(/there is a container taken already/);
    expect((await given.engine.list()).map((container) => container.id)).toContain("taken");
    await given.engine.remove("taken");
  });

  test("that cannot be made is removed again, and says why", async () => {
    const broken = given.spec("broken", ["true"], { layers: [{ id: "x", kind: "base", title: "x", directories: ["/no/such/layer"] }] });
    await expect(given.engine.start(broken)).rejects.toThrow(/no\/such\/layer/);
    expect((await given.engine.list()).map((container) => container.id)).not.toContain("broken");
    await given.engine.start(given.spec("broken", ["sleep", "60"]));
    await given.engine.remove("broken");
  });

  test("ten at once start, each with its own address", async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `many-${index}`);
    const containers = await Promise.all(ids.map((id) => given.engine.start(given.spec(id, answering(5000, id)))));
    expect(new Set(containers.map((container) => container.ip)).size).toBe(10);
    for (const container of containers) expect(await ask(container.ip ?? "", 5000)).toBe(`${container.id}\n`);
    await Promise.all(ids.map((id) => given.engine.remove(id)));
  });

  test("has only loopback with network none", async () => {
    const container = await given.engine.start(
      given.spec("alone", ["sh", "-c", "ls /sys/class/net; cat /sys/class/net/lo/flags"], { network: "none" }),
    );
    expect(container.ip).toBeNull();
    await ended(given.engine, "alone");
    expect(given.log("alone")).toBe("lo\n0x9\n");
    await given.engine.remove("alone");
  });

  test("goes on logging into a new file after the old one was renamed", async () => {
    const spec = given.spec("talks", ["perl", "-e", "$| = 1; for (1 .. 400) { print qq{line $_\\n}; select undef, undef, undef, 0.005 }"]);
    await given.engine.start(spec);
    await untilTrue(() => given.log("talks").includes("line 20\n"));
    renameSync(spec.logFile, `${spec.logFile}.1`);
    await given.engine.reopenLog("talks");
    await ended(given.engine, "talks");
    expect(existsSync(spec.logFile)).toBe(true);
    const lines = (readFileSync(`${spec.logFile}.1`, "utf8") + readFileSync(spec.logFile, "utf8")).split("\n").filter(Boolean);
    expect(lines.length).toBe(400);
    await given.engine.remove("talks");
  });
});

/** What the port sends, retried while nobody listens yet. */
async function ask(ip: string, port: number): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await new Promise<string>((resolve, reject) => {
        const socket = connect(port, ip);
        let text = "";
        socket.on("data", (chunk) => {
          text += chunk.toString();
        });
        socket.on("end", () => resolve(text));
        socket.on("error", reject);
      });
    } catch (error) {
      if (attempt > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function untilTrue(check: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 250 && !check(); attempt += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(check()).toBe(true);
}
