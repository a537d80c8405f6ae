/** How a container ended. */
import type { ContainerExit } from "../contract.ts";
import type { Cgroups } from "../kernel/cgroup.ts";
import { isAlive } from "../kernel/process.ts";
import { containerPaths, type Paths } from "../paths.ts";
import { writtenExitCode } from "./exits.ts";
import { readRecord } from "./record.ts";

/** conmon was killed, so nobody saw the exit code. */
const UNKNOWN: ContainerExit = { exitCode: 255, outOfMemory: false, unknown: true };

/** A look at the container: its end, or null while it runs or its monitor still has to write. */
export function exitOf(id: string, paths: Paths, cgroups: Cgroups): () => ContainerExit | null {
  return () => {
    const exitCode = writtenExitCode(paths.exits, id);
    if (exitCode !== null)
      return { exitCode, outOfMemory: exitCode !== 0 && cgroups.memoryKills(containerPaths(paths, id).cgroup) > 0, unknown: false };
    const record = readRecord(paths, id);
    if (record?.init == null) return UNKNOWN;
    if (isAlive(record.init.pid, record.init.startTicks)) return null;
    if (record.monitor !== null && isAlive(record.monitor.pid, record.monitor.startTicks)) return null;
    // it may have written between the first look and its end
    return writtenExitCode(paths.exits, id) === null ? UNKNOWN : null;
  };
}
