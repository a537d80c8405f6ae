/** The judgements of `doctor` that need no machine: figures and texts in, findings out. Pure. */
import { type Finding, well } from "./finding.ts";

const MB = 1_000_000;
/** Builds are refused from here on (control/disk-report.ts warns and refuses at the same marks). */
const DISK_FULL = 0.95;
const DISK_WARNING = 0.8;
const LEAST_FREE_MEMORY_BYTES = 300 * MB;
const LEAST_KERNEL = [5, 19] as const;
/** Certificates of a clock that is off by more are refused by others. */
const CLOCK_TOLERANCE_MS = 60_000;
const CERTIFICATE_WARNING_MS = 14 * 24 * 3_600_000;

export function judgeKernel(release: string): Finding {
  const [major = 0, minor = 0] = release.split(".").map((part) => Number.parseInt(part, 10));
  const recent = major > LEAST_KERNEL[0] || (major === LEAST_KERNEL[0] && minor >= LEAST_KERNEL[1]);
  if (recent) return well("kernel", `Linux ${release}`);
  return {
    check: "kernel",
    level: "trouble",
    seen: `Linux ${release}`,
    why: "Overlay mounts of directories with mapped owners need Linux 5.19: without them an app cannot have users of its own.",
    mend: "Upgrade the kernel (Debian 12 has 6.1).",
  };
}

/** 0 or a missing file: no user namespaces can be made. */
export function judgeUserNamespaces(most: string | null): Finding {
  if (most !== null && Number(most) > 0) return well("user namespaces", `at most ${most.trim()}`);
  return {
    check: "user namespaces",
    level: "trouble",
    seen: most === null ? "not in this kernel" : "user.max_user_namespaces is 0",
    why: "Without them root of a container is root of the machine; no app is started.",
    mend: "sysctl -w user.max_user_namespaces=15000 (and a file in /etc/sysctl.d)",
  };
}

export interface CgroupFacts {
  /** v1: controllers in trees of their own; hybrid: those and an empty version 2; v2: one tree. */
  readonly version: "v1" | "hybrid" | "v2" | "none";
  readonly controllers: readonly string[];
}

const NEEDED_CONTROLLERS = ["cpu", "memory", "pids"];

export function judgeCgroups({ version, controllers }: CgroupFacts): Finding {
  const missing = NEEDED_CONTROLLERS.filter((name) => !controllers.includes(name));
  if (version !== "none" && missing.length === 0) return well("cgroups", `${version}, with ${NEEDED_CONTROLLERS.join(", ")}`);
  return {
    check: "cgroups",
    level: "trouble",
    seen: version === "none" ? "none mounted at /sys/fs/cgroup" : `${version}, without ${missing.join(", ")}`,
    why: "An app without these limits can take the whole machine.",
    mend: missing.includes("memory")
      ? "Boot with cgroup_enable=memory"
      : "Mount the cgroup controllers (Debian's systemd or cgroupfs-mount does).",
  };
}

/** CVE-2024-21626 (leaked descriptors): fixed in 1.1.12, and in Debian 12's 1.1.5+ds1-1+deb12u1. */
export function judgeRunc(text: string): Finding {
  const version = /runc version (\S+)/.exec(text)?.[1] ?? "unknown";
  const commit = /commit: (\S+)/.exec(text)?.[1] ?? "";
  const [major = 0, minor = 0, patch = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  const fixed = major > 1 || (major === 1 && (minor > 1 || (minor === 1 && patch >= 12)));
  if (fixed || /\+deb\d+u[1-9]/.test(`${version} ${commit}`)) return well("runc", `${version} (${commit})`);
  return {
    check: "runc",
    level: "trouble",
    seen: `runc ${version}`,
    why: "Versions before 1.1.12 let a container out through a descriptor they leak (CVE-2024-21626).",
    mend: "apt-get update && apt-get install runc",
  };
}

export interface DiskFacts {
  readonly directory: string;
  readonly bytes: number;
  readonly availableBytes: number;
  readonly inodes: number;
  readonly availableInodes: number;
}

export function judgeDisk(facts: DiskFacts): readonly Finding[] {
  const bytes = share("disk", facts.directory, facts.bytes, facts.availableBytes, (value) => `${Math.round(value / MB)} MB`);
  const inodes = share("inodes", facts.directory, facts.inodes, facts.availableInodes, String);
  return facts.inodes === 0 ? [bytes] : [bytes, inodes]; // btrfs has no fixed number of inodes
}

function share(check: string, directory: string, all: number, available: number, shown: (value: number) => string): Finding {
  const used = (all - available) / all;
  const seen = `${directory}: ${Math.round(used * 100)} % used, ${shown(available)} free`;
  if (used < DISK_WARNING) return well(check, seen);
  return {
    check,
    level: used >= DISK_FULL ? "trouble" : "warning",
    seen,
    why: "From 95 % on nothing is built; apps that write to volumes fail when it is full.",
    mend: "See what takes the place: disk",
  };
}

export function judgeMemory(availableBytes: number, swapBytes: number): Finding {
  const seen = `${Math.round(availableBytes / MB)} MB available, ${Math.round(swapBytes / MB)} MB swap`;
  if (availableBytes >= LEAST_FREE_MEMORY_BYTES) return well("memory", seen);
  return {
    check: "memory",
    level: "warning",
    seen,
    why: "A deploy runs old and new instances side by side, and a build needs memory of its own.",
    mend: "Scale something down (ps:scale), let branches sleep, or add memory.",
  };
}

/** `ourMs` against somebody else's clock. */
export function judgeClock(ourMs: number, theirMs: number, source: string): Finding {
  const offMs = ourMs - theirMs;
  const seen = `${Math.round(Math.abs(offMs) / 1000)} s ${offMs < 0 ? "behind" : "ahead of"} ${source}`;
  if (Math.abs(offMs) <= CLOCK_TOLERANCE_MS) return well("clock", seen);
  return {
    check: "clock",
    level: "trouble",
    seen,
    why: "Certificates are not valid yet or no more, and authorities refuse orders.",
    mend: "apt-get install chrony",
  };
}

export interface Chain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook: string | null;
  readonly policy: string | null;
}

/** A packet passes only when every table accepts it: a foreign `forward` chain that drops by policy cuts the containers off. */
export function judgeFirewall(chains: readonly Chain[], linkPrefix: string): Finding {
  const closed = chains.filter(({ table, hook, policy }) => hook === "forward" && policy === "drop" && !table.startsWith("pushboat_"));
  if (closed.length === 0) return well("foreign firewall", "nobody else drops forwarded packets");
  const [chain] = closed as [Chain];
  return {
    check: "foreign firewall",
    level: "trouble",
    seen: `${closed.map(({ family, table, name }) => `${family} ${table} ${name}`).join(", ")} drops what is forwarded`,
    why: "Apps can be reached, and reach nothing outside the machine: no database elsewhere, no API, no registry in builds.",
    mend: [
      `nft insert rule ${chain.family} ${chain.table} ${chain.name} iifname "${linkPrefix}*" accept`,
      `nft insert rule ${chain.family} ${chain.table} ${chain.name} oifname "${linkPrefix}*" ct state established,related accept`,
    ].join("; "),
  };
}

export function judgeName(name: string, addresses: readonly string[], own: readonly string[]): Finding {
  const check = "names";
  if (addresses.some((address) => own.includes(address))) return well(check, `${name} is ${addresses.join(", ")}, this machine`);
  const wrong = addresses.length > 0;
  return {
    check,
    level: wrong ? "warning" : "trouble",
    seen: wrong ? `${name} is ${addresses.join(", ")}, none of which is an address of this machine` : `${name} has no address`,
    why: wrong
      ? "Right behind a load balancer or address translation; otherwise visitors reach another machine."
      : "Nobody finds an app by its name.",
    mend: `An A record (and AAAA) for *.DOMAIN with this machine's public address${wrong ? ", unless what is there passes requests on" : ""}.`,
  };
}

export function judgeCertificate(host: string, validToMs: number, nowMs: number): Finding {
  const days = Math.floor((validToMs - nowMs) / (24 * 3_600_000));
  const seen = `${host}: ${days < 0 ? `ended ${-days} days ago` : `${days} days left`}`;
  if (validToMs - nowMs > CERTIFICATE_WARNING_MS) return well("certificate", seen);
  return {
    check: "certificate",
    level: validToMs <= nowMs ? "trouble" : "warning",
    seen,
    why: "Browsers refuse the app once it has ended.",
    mend: "certs tells where it comes from and what went wrong; certs:add puts a new one in place.",
  };
}
