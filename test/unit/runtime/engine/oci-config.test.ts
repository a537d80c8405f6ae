import { describe, expect, test } from "vitest";
import { conmonArguments, initPidIn } from "../../../../runtime/engine/container/conmon.ts";
import { execArguments } from "../../../../runtime/engine/container/exec.ts";
import { type ConfigInput, execProcess, ociConfig } from "../../../../runtime/engine/container/oci-config.ts";
import { seccompProfile } from "../../../../runtime/engine/container/seccomp.ts";
import type { ContainerSpec } from "../../../../runtime/engine/contract.ts";
import { pathsOf } from "../../../../runtime/engine/paths.ts";

const spec: ContainerSpec = {
  id: "blog-web-1",
  slot: 3,
  layers: [],
  upperDirectory: null,
  mounts: [],
  argv: ["node", "server.js"],
  env: { PORT: "5000" },
  workingDirectory: "/app",
  uid: 1000,
  gid: 1000,
  network: "app",
  memoryBytes: 512,
  pids: 256,
  cpuShares: 1024,
  logFile: "/logs/web.1",
  labels: {},
};
const host = { architecture: "x64", openFiles: 20_000, oomScoreAdj: 0, swapAccounting: true, ioWeights: false } as const;
const input: ConfigInput = {
  spec,
  baseUid: 1_073_938_432,
  cgroup: "/pushboat/0a1b2c3d/blog-web-1",
  rootfs: "/run/pushboat/0a1b2c3d/m/c/blog-web-1/fs",
  binds: [{ source: "/s", target: "/t", readOnly: true }],
  host,
};
// biome-ignore lint/suspicious/noExplicitAny: a document that is looked into
const configOf = (more: Partial<ConfigInput> = {}): any => ociConfig({ ...input, ...more });

describe("config.json", () => {
  test("is this, to the letter, but for the system calls", () => {
    const config = configOf();
    expect(config.linux.seccomp).toEqual(seccompProfile("x64"));
    delete config.linux.seccomp;
    expect(config).toMatchInlineSnapshot(`
      {
        "hostname": "blog-web-1",
        "linux": {
          "cgroupsPath": "/pushboat/0a1b2c3d/blog-web-1",
          "gidMappings": [
            {
              "containerID": 0,
              "hostID": 1073938432,
              "size": 65536,
            },
          ],
          "maskedPaths": [
            "/proc/acpi",
            "/proc/asound",
            "/proc/interrupts",
            "/proc/kcore",
            "/proc/keys",
            "/proc/latency_stats",
            "/proc/scsi",
            "/proc/sched_debug",
            "/proc/timer_list",
            "/proc/timer_stats",
            "/sys/devices/virtual/powercap",
            "/sys/firmware",
            "/sys/fs/selinux",
            "/sys/kernel",
          ],
          "namespaces": [
            {
              "type": "pid",
            },
            {
              "type": "ipc",
            },
            {
              "type": "uts",
            },
            {
              "type": "mount",
            },
            {
              "type": "user",
            },
            {
              "type": "cgroup",
            },
            {
              "type": "network",
            },
          ],
          "readonlyPaths": [
            "/proc/bus",
            "/proc/fs",
            "/proc/irq",
            "/proc/sys",
            "/proc/sysrq-trigger",
          ],
          "resources": {
            "cpu": {
              "shares": 1024,
            },
            "devices": [
              {
                "access": "rwm",
                "allow": false,
              },
            ],
            "memory": {
              "limit": 512,
              "swap": 512,
            },
            "pids": {
              "limit": 256,
            },
          },
          "uidMappings": [
            {
              "containerID": 0,
              "hostID": 1073938432,
              "size": 65536,
            },
          ],
        },
        "mounts": [
          {
            "destination": "/proc",
            "options": [
              "nosuid",
              "noexec",
              "nodev",
            ],
            "source": "proc",
            "type": "proc",
          },
          {
            "destination": "/dev",
            "options": [
              "nosuid",
              "noexec",
              "strictatime",
              "mode=755",
              "size=65536k",
            ],
            "source": "tmpfs",
            "type": "tmpfs",
          },
          {
            "destination": "/dev/pts",
            "options": [
              "nosuid",
              "noexec",
              "newinstance",
              "ptmxmode=0666",
              "mode=0620",
              "gid=5",
            ],
            "source": "devpts",
            "type": "devpts",
          },
          {
            "destination": "/dev/shm",
            "options": [
              "nosuid",
              "noexec",
              "nodev",
              "mode=1777",
              "size=67108864",
            ],
            "source": "shm",
            "type": "tmpfs",
          },
          {
            "destination": "/sys",
            "options": [
              "nosuid",
              "noexec",
              "nodev",
              "ro",
            ],
            "source": "sysfs",
            "type": "sysfs",
          },
          {
            "destination": "/sys/fs/cgroup",
            "options": [
              "nosuid",
              "noexec",
              "nodev",
              "relatime",
              "ro",
            ],
            "source": "cgroup",
            "type": "cgroup",
          },
          {
            "destination": "/t",
            "options": [
              "bind",
              "nosuid",
              "nodev",
              "ro",
            ],
            "source": "/s",
            "type": "bind",
          },
        ],
        "ociVersion": "1.0.2",
        "process": {
          "args": [
            "/.pushboat/init",
            "--",
            "node",
            "server.js",
          ],
          "capabilities": {
            "ambient": [],
            "bounding": [],
            "effective": [],
            "inheritable": [],
            "permitted": [],
          },
          "cwd": "/app",
          "env": [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/app",
            "PORT=5000",
          ],
          "noNewPrivileges": true,
          "oomScoreAdj": 300,
          "rlimits": [
            {
              "hard": 20000,
              "soft": 20000,
              "type": "RLIMIT_NOFILE",
            },
            {
              "hard": 0,
              "soft": 0,
              "type": "RLIMIT_CORE",
            },
          ],
          "terminal": false,
          "user": {
            "gid": 1000,
            "uid": 1000,
          },
        },
        "root": {
          "path": "/run/pushboat/0a1b2c3d/m/c/blog-web-1/fs",
          "readonly": false,
        },
      }
    `);
  });

  test("gives root inside what its programs expect of root, more where a build makes containers itself, and nobody else anything", () => {
    const capabilities = (more: Partial<ContainerSpec>): string =>
      configOf({ spec: { ...spec, ...more } }).process.capabilities.bounding.join(" ");
    const usual = "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID";
    expect(capabilities({ slot: 3, uid: 0 })).toBe(`${usual} CAP_NET_BIND_SERVICE`);
    expect(capabilities({ slot: "build", uid: 0 })).toBe(`${usual} CAP_SETFCAP`);
    expect(capabilities({ slot: "build", uid: 0, nests: true })).toContain("CAP_SYS_ADMIN");
    expect(capabilities({ slot: 3, uid: 0, nests: true })).not.toContain("CAP_SYS_ADMIN");
    for (const slot of [3, "build"] as const) expect(capabilities({ slot, uid: 1000, nests: true })).toBe("");
  });

  test("never asks for more than we have ourselves", () => {
    const config = configOf({ host: { ...host, openFiles: 1_024, oomScoreAdj: 900, swapAccounting: false } });
    expect(config.process.rlimits[0]).toEqual({ type: "RLIMIT_NOFILE", soft: 1_024, hard: 1_024 });
    expect(config.process.oomScoreAdj).toBe(1_000);
    expect(config.linux.resources.memory).toEqual({ limit: 512 });
    expect(configOf({ host: { ...host, openFiles: 1_048_576 } }).process.rlimits[0].hard).toBe(65_536);
  });

  test("holds what an instance's size says: swap beside the memory, cores' time, open files, weight of io where the host can", () => {
    const limits = { swapBytes: 128, cpus: 1.5, openFiles: 1_024, ioWeight: 100, diskBytes: 1 };
    const config = configOf({ spec: { ...spec, limits }, host: { ...host, ioWeights: true } });
    expect(config.linux.resources).toMatchObject({
      memory: { limit: 512, swap: 640 },
      cpu: { shares: 1024, quota: 150_000, period: 100_000 },
      blockIO: { weight: 100 },
    });
    expect(config.process.rlimits[0]).toEqual({ type: "RLIMIT_NOFILE", soft: 1_024, hard: 1_024 });
    expect(configOf({ spec: { ...spec, limits } }).linux.resources).not.toHaveProperty("blockIO");
  });

  test("closes the root where that is asked for, and mounts memory before volumes, which may lie in it", () => {
    const config = configOf({ spec: { ...spec, readOnlyRoot: true, tmpfs: [{ target: "/tmp", bytes: 4096 }] } });
    expect(config.root.readonly).toBe(true);
    expect(config.mounts.slice(-2)).toMatchObject([
      { destination: "/tmp", type: "tmpfs", options: ["nosuid", "nodev", "mode=1777", "uid=1000", "gid=1000", "size=4096"] },
      { destination: "/t", type: "bind" },
    ]);
  });

  test("keeps an environment's own HOME and PATH", () => {
    const env = configOf({ spec: { ...spec, env: { HOME: "/data", PATH: "/bin" } } }).process.env;
    expect(env).toEqual(["PATH=/bin", "HOME=/data"]);
  });
});

describe("another process in a container", () => {
  const exec = { id: "blog-web-1", argv: ["sh"], env: {}, workingDirectory: "/app", uid: 1000, gid: 1000 };

  test("has no capabilities and no new privileges, even as 0", () => {
    expect(execProcess({ ...exec, uid: 0, terminal: null }, host)).toMatchObject({
      terminal: false,
      noNewPrivileges: true,
      capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
    });
  });

  test("is asked of runc with a file, since arguments can be read by everybody", () => {
    const place = { runcRoot: "/run/r", directory: "/run/b", name: "exec-1" };
    const files = ["--process", "/run/b/exec-1.json", "--pid-file", "/run/b/exec-1.pid", "blog-web-1"];
    expect(execArguments({ spec: { ...exec, terminal: null }, ...place })).toEqual(["--root", "/run/r", "exec", ...files]);
    expect(execArguments({ spec: { ...exec, terminal: { type: "xterm", columns: 80, rows: 24 } }, ...place })).toEqual([
      ...["--root", "/run/r", "exec", "--tty"],
      ...files,
    ]);
  });
});

describe("the system call filter", () => {
  // biome-ignore lint/suspicious/noExplicitAny: a document that is looked into
  const rulesFor = (name: string): any[] => (seccompProfile("x64") as any).syscalls.filter((rule: any) => rule.names.includes(name));

  test.each(
    "unshare setns mount umount2 pivot_root open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr keyctl add_key request_key bpf perf_event_open userfaultfd ptrace_none"
      .split(" ")
      .slice(0, -1),
  )("refuses %s", (name) => {
    expect(rulesFor(name)).toEqual([{ names: expect.anything(), action: "SCMP_ACT_ERRNO", errnoRet: 1 }]);
  });

  test("does not know io_uring, nor clone3, so that programs fall back", () => {
    expect(["io_uring_setup", "io_uring_enter", "io_uring_register"].flatMap(rulesFor)).toEqual([]);
    expect(rulesFor("clone3")).toEqual([{ names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 }]);
    expect(seccompProfile("x64")).toMatchObject({ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38 });
  });

  test("lets clone make processes and no namespaces, and sockets be of four families", () => {
    expect(rulesFor("clone").map((rule) => rule.args)).toEqual([[{ index: 0, value: 0x7e02_0000, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }]]);
    expect(rulesFor("socket").map((rule) => rule.args[0].value)).toEqual([1, 2, 10, 16]);
    expect(rulesFor("socketcall")).toEqual([]);
  });

  test("is of the machine's own architecture alone", () => {
    expect(seccompProfile("arm64")).toMatchObject({ architectures: ["SCMP_ARCH_AARCH64"] });
    expect(seccompProfile("x64")).toMatchObject({ architectures: ["SCMP_ARCH_X86_64"] });
  });

  test("never allows and refuses the same call", () => {
    const [allowed, refused] = (seccompProfile("x64") as { syscalls: { names: string[] }[] }).syscalls;
    expect(allowed?.names.filter((name) => refused?.names.includes(name))).toEqual([]);
  });
});

describe("conmon", () => {
  const paths = pathsOf({ runDirectory: "/run/pushboat/0a1b2c3d", dataDirectory: "/data", platformId: "0a1b2c3d" });

  test("is called like this, to the letter", () => {
    expect(conmonArguments({ id: "one", bundle: "/b/one", logFile: "/l/one" }, paths).join(" ")).toMatchInlineSnapshot(
      `"--api-version 1 -c one -u one -n one -r /usr/sbin/runc --runtime-arg --root --runtime-arg /run/pushboat/0a1b2c3d/runc -b /b/one -p /b/one/init.pid -P /b/one/conmon.pid --exit-dir /run/pushboat/0a1b2c3d/exits --persist-dir /run/pushboat/0a1b2c3d/persist/one --full-attach -l k8s-file:/l/one --log-size-max 41943040 --log-level warning --no-sync-log"`,
    );
    expect(conmonArguments({ id: "one", bundle: "/b/one", logFile: null }, paths).join(" ")).toContain(" -l passthrough ");
  });

  test("answers with a process id, or with what runc said", () => {
    expect(initPidIn('{"pid":42}\n')).toBe(42);
    expect(() => initPidIn('{"pid":-1,"message":"no such file"}\n')).toThrow("runc could not create the container: no such file");
    expect(() => initPidIn("")).toThrow("conmon ended without a word");
  });
});
