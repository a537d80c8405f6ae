/** A container as runc's config.json. Pure. */
import { APP_HOME } from "../../../core/index.ts";
import type { ContainerSpec, ExecSpec } from "../contract.ts";
import { UID_RANGE } from "../slices.ts";
import { seccompProfile } from "./seccomp.ts";

export interface ConfigBind {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface HostLimits {
  readonly architecture: "x64" | "arm64";
  /** Our own RLIMIT_NOFILE (hard): nobody can go above it without CAP_SYS_RESOURCE. */
  readonly openFiles: number;
  /** Our own oom_score_adj: nobody can go below it. */
  readonly oomScoreAdj: number;
  /** The kernel accounts swap to cgroups. */
  readonly swapAccounting: boolean;
  /** Control groups can weigh input and output (version 1: the BFQ scheduler; version 2: the io controller). */
  readonly ioWeights: boolean;
}

export interface ConfigInput {
  readonly spec: ContainerSpec;
  readonly baseUid: number;
  readonly cgroup: string;
  readonly rootfs: string;
  /** Init, resolv.conf, hosts, hostname, and the spec's mounts. */
  readonly binds: readonly ConfigBind[];
  readonly host: HostLimits;
}

/** Where tini is inside. */
export const INIT = "/.pushboat/init";

/** Runs as root of the user namespace in builds (package managers chown, setuid to helpers): Docker's default without what reaches the network or devices. */
const BUILD_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETFCAP"].map(
  (name) => `CAP_${name}`,
);
/** An image that says root gets what its programs expect of root (nginx binds 80, gives its logs away, becomes www-data). */
const APP_ROOT_CAPABILITIES = [...BUILD_CAPABILITIES.filter((name) => name !== "CAP_SETFCAP"), "CAP_NET_BIND_SERVICE"];
/** What makes containers itself, all inside its user namespace: mounts and chroot of RUN steps, devices 0:0 (whiteouts) in layers. */
const NESTING_CAPABILITIES = [...BUILD_CAPABILITIES, "CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_MKNOD", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE"];
const DEFAULT_ENV = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };
const MAX_OPEN_FILES = 65_536;
/** The kernel's killer takes builds first, then apps, then us. */
const OOM_SCORE_ABOVE_OURS = { build: 600, app: 300 };
const SHM_BYTES = 64 * 1024 * 1024;

const CLOSED = ["nosuid", "noexec", "nodev"];

const SYSTEM_MOUNTS = [
  { destination: "/proc", type: "proc", source: "proc", options: CLOSED },
  { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "noexec", "strictatime", "mode=755", "size=65536k"] },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
  },
  { destination: "/dev/shm", type: "tmpfs", source: "shm", options: [...CLOSED, "mode=1777", `size=${SHM_BYTES}`] },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: [...CLOSED, "ro"] },
  // runtimes size their heaps by what they read here
  { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: [...CLOSED, "relatime", "ro"] },
];

const MASKED_PATHS = [
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
];
const READONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

export function ociConfig(input: ConfigInput): object {
  const { spec, host } = input;
  return {
    ociVersion: "1.0.2",
    process: {
      ...processOf({ ...spec, argv: [INIT, "--", ...spec.argv], terminal: null }, capabilitiesOf(spec)),
      rlimits: rlimits(host, spec.limits?.openFiles),
      oomScoreAdj: Math.min(1000, host.oomScoreAdj + OOM_SCORE_ABOVE_OURS[spec.slot === "build" ? "build" : "app"]),
    },
    root: { path: input.rootfs, readonly: spec.readOnlyRoot === true },
    hostname: spec.id,
    // a volume may lie in a tmpfs
    mounts: [...SYSTEM_MOUNTS, ...(spec.tmpfs ?? []).map((mount) => tmpfsMount(mount, spec)), ...input.binds.map(bindMount)],
    linux: {
      uidMappings: [{ containerID: 0, hostID: input.baseUid, size: UID_RANGE }],
      gidMappings: [{ containerID: 0, hostID: input.baseUid, size: UID_RANGE }],
      namespaces: [
        { type: "pid" },
        { type: "ipc" },
        { type: "uts" },
        { type: "mount" },
        { type: "user" },
        { type: "cgroup" },
        // made by runc, so that it belongs to the container's user namespace: runc exec could not enter another
        { type: "network" },
      ],
      cgroupsPath: input.cgroup,
      resources: resources(spec, host),
      seccomp: seccompProfile(host.architecture, spec.nests === true),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
  };
}

/** The kernel's own default. */
const CPU_PERIOD_US = 100_000;
/** runc takes no less. */
const LEAST_CPU_QUOTA_US = 1_000;

function resources({ memoryBytes, pids, cpuShares, limits }: ContainerSpec, host: HostLimits): object {
  const { swapBytes = 0, cpus = null, ioWeight = null } = limits ?? {};
  const quota = cpus === null ? {} : { quota: Math.max(LEAST_CPU_QUOTA_US, Math.round(cpus * CPU_PERIOD_US)), period: CPU_PERIOD_US };
  return {
    devices: [{ allow: false, access: "rwm" }],
    // runtime-spec: swap is the sum of both
    memory: { limit: memoryBytes, ...(host.swapAccounting ? { swap: memoryBytes + swapBytes } : {}) },
    pids: { limit: pids },
    cpu: { shares: cpuShares, ...quota },
    ...(ioWeight !== null && host.ioWeights ? { blockIO: { weight: ioWeight } } : {}),
  };
}

/** What `runc exec --process` wants: the container's own fences, another command. */
export function execProcess(spec: ExecSpec, host: HostLimits): object {
  return { ...processOf(spec, []), rlimits: rlimits(host) };
}

function capabilitiesOf({ slot, uid, nests }: ContainerSpec): readonly string[] {
  if (uid !== 0) return [];
  if (slot !== "build") return APP_ROOT_CAPABILITIES;
  return nests === true ? NESTING_CAPABILITIES : BUILD_CAPABILITIES;
}

function processOf(spec: Omit<ExecSpec, "id">, capabilities: readonly string[]): object {
  return {
    terminal: spec.terminal !== null,
    ...(spec.terminal === null ? {} : { consoleSize: { width: spec.terminal.columns, height: spec.terminal.rows } }),
    user: { uid: spec.uid, gid: spec.gid },
    args: spec.argv,
    env: Object.entries({ ...DEFAULT_ENV, HOME: spec.uid === 0 ? "/root" : APP_HOME, ...spec.env }).map(
      ([name, value]) => `${name}=${value}`,
    ),
    cwd: spec.workingDirectory,
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities, inheritable: [], ambient: [] },
    noNewPrivileges: true,
  };
}

function rlimits(host: HostLimits, wanted: number = MAX_OPEN_FILES): readonly object[] {
  const openFiles = Math.min(wanted, host.openFiles);
  return [
    { type: "RLIMIT_NOFILE", soft: openFiles, hard: openFiles },
    { type: "RLIMIT_CORE", soft: 0, hard: 0 },
  ];
}

/** runc gives it the mode of the directory below, whatever is said here: so it belongs to who shall write. */
function tmpfsMount({ target, bytes }: { readonly target: string; readonly bytes: number }, { uid, gid }: ContainerSpec): object {
  const options = ["nosuid", "nodev", "mode=1777", `uid=${uid}`, `gid=${gid}`, `size=${bytes}`];
  return { destination: target, type: "tmpfs", source: "tmpfs", options };
}

function bindMount(bind: ConfigBind): object {
  return {
    destination: bind.target,
    type: "bind",
    source: bind.source,
    options: ["bind", "nosuid", "nodev", bind.readOnly ? "ro" : "rw"],
  };
}
