/** A container's control groups, read from files: version 1 (also hybrid) and version 2. */
import { existsSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { readText } from "./process.ts";

export interface Cgroups {
  /** Bytes in use without reclaimable cache; 0 where it is gone. */
  memoryBytes(cgroup: string): number;
  /** How often the kernel killed a process in it for want of memory. */
  memoryKills(cgroup: string): number;
  /** How many processes and threads it may have, and how often one more was refused. */
  processLimit(cgroup: string): { readonly limit: number; readonly refusals: number };
  /** All processes in it. */
  processes(cgroup: string): readonly number[];
  /** Stops all processes in it where they are, or lets them go on. Nothing happens where it is gone. */
  freeze(cgroup: string, frozen: boolean): void;
  /** Removes a group and the groups in it, in every hierarchy; false while a process in one is still ending. */
  remove(cgroup: string): boolean;
  readonly swapAccounting: boolean;
  /** Input and output can be weighed. */
  readonly ioWeights: boolean;
}

const ROOT = "/sys/fs/cgroup";

export function createCgroups(): Cgroups {
  return existsSync(`${ROOT}/cgroup.controllers`) ? version2() : version1();
}

function version1(): Cgroups {
  const memory = `${ROOT}/memory`;
  return {
    memoryBytes(cgroup) {
      const usage = Number(readText(`${memory}${cgroup}/memory.usage_in_bytes`) ?? 0);
      return Math.max(0, usage - field(readText(`${memory}${cgroup}/memory.stat`), "total_inactive_file"));
    },
    memoryKills: (cgroup) => field(readText(`${memory}${cgroup}/memory.oom_control`), "oom_kill"),
    processLimit: (cgroup) => processLimitIn(`${ROOT}/pids${cgroup}`),
    processes: (cgroup) => pidsIn(`${ROOT}/pids${cgroup}/cgroup.procs`),
    // cgroup-v1/freezer-subsystem.rst
    freeze: (cgroup, frozen) => writeIfThere(`${ROOT}/freezer${cgroup}/freezer.state`, frozen ? "FROZEN" : "THAWED"),
    remove: (cgroup) => readdirSync(ROOT).filter((controller) => !removeGroup(`${ROOT}/${controller}${cgroup}`)).length === 0,
    swapAccounting: existsSync(`${memory}/memory.memsw.limit_in_bytes`),
    ioWeights: ["blkio.weight", "blkio.bfq.weight"].some((name) => existsSync(`${ROOT}/blkio/pushboat/${name}`)),
  };
}

/** Could not be tried where this was written (facts.md); file names from Documentation/admin-guide/cgroup-v2.rst. */
function version2(): Cgroups {
  return {
    memoryBytes(cgroup) {
      const usage = Number(readText(`${ROOT}${cgroup}/memory.current`) ?? 0);
      return Math.max(0, usage - field(readText(`${ROOT}${cgroup}/memory.stat`), "inactive_file"));
    },
    memoryKills: (cgroup) => field(readText(`${ROOT}${cgroup}/memory.events`), "oom_kill"),
    processLimit: (cgroup) => processLimitIn(`${ROOT}${cgroup}`),
    processes: (cgroup) => pidsIn(`${ROOT}${cgroup}/cgroup.procs`),
    freeze: (cgroup, frozen) => writeIfThere(`${ROOT}${cgroup}/cgroup.freeze`, frozen ? "1" : "0"),
    remove: (cgroup) => removeGroup(`${ROOT}${cgroup}`),
    // runc turns swap = memory into memory.swap.max = 0, and passes over a kernel that does not have it
    swapAccounting: true,
    ioWeights: (readText(`${ROOT}/cgroup.controllers`) ?? "").split(/\s+/).includes("io"),
  };
}

/** Pure: the number behind `name ` at the start of a line; 0 where there is none. */
export function field(text: string | null, name: string): number {
  const line = text?.split("\n").find((candidate) => candidate.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}

/** cgroup-v1/pids.rst, cgroup-v2.rst: `max` of pids.events counts. */
function processLimitIn(directory: string): { limit: number; refusals: number } {
  return { limit: Number(readText(`${directory}/pids.max`) ?? 0) || 0, refusals: field(readText(`${directory}/pids.events`), "max") };
}

function pidsIn(file: string): readonly number[] {
  return (readText(file) ?? "").split("\n").filter(Boolean).map(Number);
}

function writeIfThere(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function removeGroup(directory: string): boolean {
  if (!existsSync(directory)) return true;
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) removeGroup(`${directory}/${entry.name}`);
    }
    rmdirSync(directory);
    return true;
  } catch {
    return !existsSync(directory);
  }
}
