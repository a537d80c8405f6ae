/** The OCI document of a floor container: the same namespaces and limits as an app gets, and nothing else. */

export const FLOOR_CGROUP = "pushboat-floor";
const BASE_ID = 2_000_000_000;
const ID_COUNT = 65_536;

export interface FloorBundle {
  readonly id: string;
  readonly rootfs: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  /** /run/netns/NAME */
  readonly networkNamespace: string;
}

/** Owner of what the container may write, as the host sees it. */
export const FLOOR_OWNER = BASE_ID;

export function ociDocument(bundle: FloorBundle): object {
  const mapping = [{ containerID: 0, hostID: BASE_ID, size: ID_COUNT }];
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid: 1000, gid: 1000 },
      args: bundle.argv,
      env: ["PATH=/usr/local/bin:/usr/bin:/bin", ...bundle.env],
      cwd: "/app",
      noNewPrivileges: true,
      capabilities: { bounding: [], effective: [], permitted: [] },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
    },
    root: { path: bundle.rootfs, readonly: false },
    hostname: "floor",
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"] },
      {
        destination: "/dev/pts",
        type: "devpts",
        source: "devpts",
        options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
      },
      { destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
      { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
    ],
    linux: {
      uidMappings: mapping,
      gidMappings: mapping,
      cgroupsPath: `/${FLOOR_CGROUP}/${bundle.id}`,
      resources: { memory: { limit: 512 * 1024 * 1024 }, pids: { limit: 256 }, cpu: { shares: 1024 } },
      namespaces: [
        { type: "user" },
        { type: "pid" },
        { type: "mount" },
        { type: "ipc" },
        { type: "uts" },
        { type: "cgroup" },
        { type: "network", path: bundle.networkNamespace },
      ],
      maskedPaths: ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}
