/** What this process itself may: containers cannot be given more. */
import type { HostLimits } from "./container/oci-config.ts";
import type { Cgroups } from "./kernel/cgroup.ts";
import { readText } from "./kernel/process.ts";

const UNLIMITED_FILES = 1_048_576;

export function readHostLimits(cgroups: Cgroups): HostLimits {
  return {
    architecture: process.arch === "arm64" ? "arm64" : "x64",
    openFiles: openFilesIn(readText("/proc/self/limits") ?? ""),
    oomScoreAdj: Number(readText("/proc/self/oom_score_adj") ?? 0),
    swapAccounting: cgroups.swapAccounting,
    ioWeights: cgroups.ioWeights,
  };
}

/** Pure: the hard limit in /proc/PID/limits. */
export function openFilesIn(limits: string): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return hard === undefined || hard === "unlimited" ? UNLIMITED_FILES : Number(hard);
}
