/** A process id together with its start time: never confused with a later process of the same id. */
import { readFileSync } from "node:fs";

export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: string;
}

export function isAlive({ pid, startTicks }: ProcessIdentity): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // Field 22; the name in field 2 may hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] !== "Z" && fields[19] === startTicks;
  } catch {
    return false;
  }
}
