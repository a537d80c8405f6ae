/** How many kernel objects, processes and files a running platform has: what may not grow over deaths, deploys and restarts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "../command.ts";
import type { Platform } from "../platform.ts";

export interface KernelObjects {
  readonly containers: number;
  readonly interfaces: number;
  readonly cgroups: number;
  readonly monitors: number;
  readonly runcStates: number;
  readonly exitFiles: number;
  readonly scratchDirectories: number;
  readonly mounts: number;
  readonly buildDirectories: number;
}

export async function kernelObjects({ platformId, runDirectory, dataDirectory }: Platform): Promise<KernelObjects> {
  const prefix = `pb${read(join(dataDirectory, "platform-index")).trim()}-`;
  const links = (await mustRun(["ip", "-o", "link"])).stdout.split("\n").filter((line) => line.includes(` ${prefix}`)).length;
  return {
    containers: names(join(runDirectory, "containers")).length,
    interfaces: links,
    cgroups: names(`/sys/fs/cgroup/pids/pushboat/${platformId}`).length + names(`/sys/fs/cgroup/pushboat/${platformId}`).length,
    monitors: monitors(runDirectory),
    runcStates: names(join(runDirectory, "runc")).length,
    exitFiles: names(join(runDirectory, "exits")).length,
    scratchDirectories: names(join(dataDirectory, "scratch")).length,
    mounts: readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(runDirectory)).length,
    buildDirectories: names(join(dataDirectory, "builds")).length,
  };
}

function monitors(runDirectory: string): number {
  const commands = names("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => read(`/proc/${pid}/cmdline`));
  return commands.filter((command) => command.startsWith("conmon\0") && command.includes(`${runDirectory}/`)).length;
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
