/** What `doctor` sees of the machine itself: kernel, memory, disk, clock, tools. */
import { execFile } from "node:child_process";
import { readFileSync, statfsSync } from "node:fs";
import { availableParallelism, release } from "node:os";
import { promisify } from "node:util";
import type { Settings } from "../../core/settings.ts";
import { type Check, type Finding, well } from "./finding.ts";
import {
  type CgroupFacts,
  type DiskFacts,
  judgeCgroups,
  judgeDisk,
  judgeKernel,
  judgeMemory,
  judgeRunc,
  judgeUserNamespaces,
} from "./judge.ts";

const run = promisify(execFile);

/** Program, and Debian's package that has it. */
const TOOLS: Readonly<Record<string, string>> = {
  runc: "runc",
  conmon: "conmon",
  ip: "iproute2",
  nft: "nftables",
  git: "git",
  zstd: "zstd",
  setpriv: "util-linux",
};

/** Filesystems and modules, as /proc/filesystems and the kernel call them. */
const NEEDED_FILESYSTEMS = ["overlay", "tmpfs"];

export function hostChecks(settings: Settings): Readonly<Record<string, Check>> {
  return {
    kernel: async () => [judgeKernel(release())],
    "user namespaces": async () => [judgeUserNamespaces(textOf("/proc/sys/user/max_user_namespaces"))],
    filesystems: async () => [filesystems()],
    cgroups: async () => [judgeCgroups(cgroupFacts())],
    runc: async () => [judgeRunc((await run("runc", ["--version"])).stdout)],
    tools: async () => [await tools()],
    memory: async () => [memory()],
    processors: async () => [well("processors", String(availableParallelism()))],
    disk: async () => [settings.dataDirectory, settings.cacheDirectory].flatMap((directory) => judgeDisk(diskFacts(directory))),
  };
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

function filesystems(): Finding {
  const known = new Set((textOf("/proc/filesystems") ?? "").split(/\s+/));
  const missing = NEEDED_FILESYSTEMS.filter((name) => !known.has(name));
  if (missing.length === 0) return well("filesystems", NEEDED_FILESYSTEMS.join(", "));
  return {
    check: "filesystems",
    level: "trouble",
    seen: `the kernel has no ${missing.join(", ")}`,
    why: "Images are layers put on top of each other by overlay.",
    mend: missing.map((name) => `modprobe ${name}`).join("; "),
    repair: async () => {
      for (const name of missing) await run("modprobe", [name]);
    },
  };
}

function cgroupFacts(): CgroupFacts {
  const mounts = (textOf("/proc/self/mounts") ?? "").split("\n").map((line) => line.split(" "));
  const unified = mounts.find(([, , type]) => type === "cgroup2")?.[1];
  const controllersOfTwo = unified === undefined ? [] : (textOf(`${unified}/cgroup.controllers`) ?? "").trim().split(" ");
  const controllersOfOne = mounts
    .filter(([, , type]) => type === "cgroup")
    .flatMap(([, , , options]) => (options ?? "").split(","))
    .filter((name) => ["cpu", "memory", "pids", "blkio", "freezer"].includes(name));
  if (controllersOfOne.length > 0) return { version: unified === undefined ? "v1" : "hybrid", controllers: controllersOfOne };
  return { version: unified === undefined ? "none" : "v2", controllers: controllersOfTwo };
}

async function tools(): Promise<Finding> {
  const missing: string[] = [];
  for (const name of Object.keys(TOOLS)) await run("sh", ["-c", `command -v ${name}`]).catch(() => missing.push(name));
  if (missing.length === 0) return well("tools", Object.keys(TOOLS).join(", "));
  return {
    check: "tools",
    level: "trouble",
    seen: `missing: ${missing.join(", ")}`,
    why: "Containers are made with them.",
    mend: `apt-get install ${[...new Set(missing.map((name) => TOOLS[name]))].join(" ")}`,
  };
}

function memory(): Finding {
  const table = textOf("/proc/meminfo") ?? "";
  const bytes = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(table)?.[1] ?? 0) * 1024;
  return judgeMemory(bytes("MemAvailable"), bytes("SwapTotal"));
}

function diskFacts(directory: string): DiskFacts {
  const { bsize, blocks, bavail, files, ffree } = statfsSync(directory);
  return { directory, bytes: blocks * bsize, availableBytes: bavail * bsize, inodes: files, availableInodes: ffree };
}
