import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SandboxResult, SandboxSpec } from "../../../../core/index.ts";
import { createSandbox } from "../../../../runtime/engine/index.ts";
import { type GivenEngine, givenEngine } from "./given-engine.ts";

let given: GivenEngine;
beforeAll(async () => {
  given = await givenEngine();
});
afterAll(() => given?.end());

describe("a build step", () => {
  test("hands on its lines from both outputs, and its exit code", async () => {
    const { result, lines } = await run("lines", "echo one; echo two >&2; printf three; exit 3");
    expect(result).toEqual({ exitCode: 3, outOfMemory: false, timedOut: false });
    expect([...lines].sort()).toEqual(["one", "three", "two"]);
  });

  test("hands on a line while it still runs", async () => {
    let seenAtMs = 0;
    const startMs = performance.now();
    await run("live", "echo early; sleep 1", {
      onLine: () => {
        seenAtMs = performance.now();
      },
    });
    expect(performance.now() - seenAtMs).toBeGreaterThan(800);
    expect(seenAtMs - startMs).toBeLessThan(900);
  });

  test("has its long lines split, and loses nothing of 5 MB", async () => {
    const { lines } = await run("long", 'perl -e \'print "x" x 25_000, qq{\\n}; print "y" x 99, qq{\\n} for 1 .. 50_000\'');
    expect(lines.slice(0, 3).map((line) => line.length)).toEqual([10_000, 10_000, 5_000]);
    expect(lines.length).toBe(50_003);
  });

  test("may write to /dev/stdout and /dev/stderr by name", async () => {
    for (const uid of [0, 1000]) {
      const { lines, result } = await run(`by-name-${uid}`, "echo out > /dev/stdout; echo err > /dev/stderr", { uid, gid: uid });
      expect([...lines].sort()).toEqual(["err", "out"]);
      expect(result.exitCode).toBe(0);
    }
  });

  test("leaves in the upper directory what it wrote, with the owners of inside and nothing else", async () => {
    const script = `
      echo root > /root/file; echo app > /app/file; chown 1000:1000 /app/file; ln /app/file /app/same; ln -s /nowhere /app/link
      chown 1000:1000 /app/link 2>/dev/null; rm /etc/group; rm -rf /srv-old; chmod 4755 /root/file; mkdir -p /var/cache/step`;
    const { upper } = await run("owners", script);
    const owner = (path: string) => [lstatSync(`${upper}/${path}`).uid, lstatSync(`${upper}/${path}`).gid];
    expect(owner("root/file")).toEqual([0, 0]);
    expect(owner("app/file")).toEqual([1000, 1000]);
    expect(owner("app/same")).toEqual([1000, 1000]);
    expect(owner(".")).toEqual([0, 0]);
    expect(statSync(`${upper}/root/file`).mode & 0o7777).toBe(0o755);
    expect(lstatSync(`${upper}/etc/group`).isCharacterDevice()).toBe(true);
    expect(readdirSync(upper).sort()).toEqual(["app", "etc", "root", "var"]);
    expect(readdirSync(`${upper}/etc`)).toEqual(["group"]);
  });

  test("made a layer: whiteouts and replaced directories hold when the upper is used below another", async () => {
    const first = await run("lower", "mkdir -p /app/kept /app/replaced; touch /app/kept/a /app/replaced/old /app/gone");
    const layer = (directories: readonly string[]) => [
      { id: "base-small", kind: "base" as const, title: "small", directories: [given.rootfs] },
      { id: "app-test", kind: "app" as const, title: "app", directories },
    ];
    const second = await run("middle", "rm /app/gone; rm -rf /app/replaced; mkdir /app/replaced; touch /app/replaced/new", {
      layers: layer([first.upper]),
    });
    expect(second.result.exitCode).toBe(0);
    const both = { layers: layer([first.upper, second.upper]) };
    expect((await run("top", "cd /app; find . 2>/dev/null || ls -R .", both)).lines.join(" ")).not.toMatch(/old|gone/);
    expect(await given.output("as-app", "ls /app /app/replaced /app/kept", both)).toBe(
      "/app:\nkept\nreplaced\n\n/app/kept:\na\n\n/app/replaced:\nnew\n",
    );
  });

  test("sees its binds with the owners of disk, and leaves no mount points in the upper directory", async () => {
    const cache = `${given.settings.dataDirectory}/cache`;
    mkdirSync(cache);
    const { upper, lines } = await run("binds", "echo x > /cache/deep/file; stat -c %u /cache/deep/file; touch /app/x", {
      binds: [{ source: cache, target: "/cache/deep", readOnly: false }],
    });
    expect(lines).toEqual(["0"]);
    expect(statSync(`${cache}/file`).uid).toBe(0);
    expect(readdirSync(upper)).toEqual(["app"]);
  });

  test("runs as root of its own user namespace with a few capabilities, or as somebody else with none", async () => {
    const capabilities = async (uid: number) =>
      (await run(`capable-${uid}`, "cat /proc/self/status", { uid, gid: uid })).lines.find((line) => line.startsWith("CapBnd"));
    expect(await capabilities(1000)).toMatch(/\t0+$/);
    // CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETFCAP
    expect(await capabilities(0)).toMatch(/\t00000000800000fb$/);
  });

  test("is ended by its time limit with everything it started", async () => {
    const startMs = performance.now();
    const { result } = await run("slow", "setsid sleep 300 & sleep 300", { timeoutMs: 700 });
    expect(result).toMatchObject({ timedOut: true });
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect(readdirSync(`${given.settings.runDirectory}/containers`)).toEqual([]);
    expect(processesCalled("300")).toEqual([]);
  });

  test("is ended by its caller, who gets the reason back, at any moment", async () => {
    for (const afterMs of [0, 5, 20, 40, 300]) {
      const abort = new AbortController();
      const running = run(`aborted-${afterMs}`, "sleep 301", { signal: abort.signal });
      setTimeout(() => abort.abort(new Error("cancelled")), afterMs);
      await expect(running).rejects.toThrow("cancelled");
      expect(readdirSync(`${given.settings.runDirectory}/containers`)).toEqual([]);
    }
    expect(processesCalled("301")).toEqual([]);
  });

  test("says when its memory ran out", async () => {
    const { result } = await run("hungry", "perl -e 'my @all; push @all, \"x\" x 1_000_000 while 1'", { memoryBytes: 32 * 1024 * 1024 });
    expect(result).toMatchObject({ exitCode: 137, outOfMemory: true });
  });

  test("has the host's certificate authorities and name servers, unless it has no network", async () => {
    const online = await run("online", "echo $SSL_CERT_FILE; head -c 20 $SSL_CERT_FILE; cat /etc/resolv.conf; ls /sys/class/net", {
      network: "registry",
    });
    expect(online.lines[0]).toBe("/etc/ssl/certs/ca-certificates.crt");
    expect(online.lines.join("\n")).toMatch(/nameserver[\s\S]*eth0/);
    const offline = await run("offline", "ls /sys/class/net; cat /etc/resolv.conf", { network: "none" });
    expect(offline.lines).toEqual(["lo"]);
  });

  test("that was running when we were killed is removed at the next start", async () => {
    const abort = new AbortController();
    const running = run("interrupted", "sleep 302", { signal: abort.signal }).catch(() => {});
    while (processesCalled("302").length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const next = given.again();
    await next.prepare();
    expect(processesCalled("302")).toEqual([]);
    await next.close();
    abort.abort();
    await running;
  });

  test("cannot be run without its files, and says which", async () => {
    await expect(run("broken", "true", { binds: [{ source: "/no/such/source", target: "/x", readOnly: true }] })).rejects.toThrow(
      "/no/such/source",
    );
    expect(readdirSync(`${given.settings.runDirectory}/containers`)).toEqual([]);
  });
});

async function run(
  name: string,
  script: string,
  more: Partial<SandboxSpec> = {},
): Promise<{ readonly result: SandboxResult; readonly lines: string[]; readonly upper: string }> {
  const upper = `${given.settings.dataDirectory}/builds/${name}`;
  mkdirSync(upper, { recursive: true });
  const lines: string[] = [];
  const spec = given.spec(name, ["sh", "-c", script]);
  const result = await createSandbox({ engine: given.engine }).run({
    name,
    layers: spec.layers,
    upperDirectory: upper,
    binds: [],
    argv: spec.argv,
    env: {},
    workingDirectory: "/",
    uid: 0,
    gid: 0,
    network: "none",
    memoryBytes: spec.memoryBytes,
    pids: 64,
    cpuShares: 512,
    timeoutMs: 30_000,
    onLine: (line) => void lines.push(line),
    signal: new AbortController().signal,
    ...more,
  });
  expect(readdirSync(`${given.settings.dataDirectory}/builds`).filter((entry) => entry.endsWith(".work"))).toEqual([]);
  return { result, lines, upper };
}

/** Ids of `sleep SECONDS`. */
function processesCalled(seconds: string): readonly string[] {
  const all = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
  return all.filter((line) => new RegExp(`^\\s*\\d+ sleep ${seconds}$`).test(line));
}
