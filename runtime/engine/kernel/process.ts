/** Processes by id and start time, which together cannot be confused with a later process of the same id. */
import { readdirSync, readFileSync } from "node:fs";

/** Field 22 of /proc/PID/stat; null where there is no such process or it is a zombie. */
export function startTicksOf(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // the name in parentheses may hold anything: count from behind it
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
}

export function isAlive(pid: number, startTicks: string): boolean {
  return startTicksOf(pid) === startTicks;
}

/** Gone is fine. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Processes that were given this text as one whole argument. */
export function processesWithArgument(argument: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readText(`/proc/${pid}/cmdline`)?.split("\0").includes(argument))
    .map(Number);
}

export function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
