/** The router before this one (`restart`, `router:restart`): it serves until this one listens on the same ports, then it is told to end. */
import { readFileSync } from "node:fs";

/** The record that the launcher moved aside: "PID STARTTICKS"; null: there is none, or it is gone. A number that was given again is not taken for it. */
export function findPredecessor(record: string): number | null {
  try {
    const [pid = "", ticks = ""] = readFileSync(record, "utf8").trim().split(" ");
    const stat = readFileSync(`/proc/${Number(pid)}/stat`, "utf8");
    // proc(5): field 22, counted from behind the name in brackets.
    const startTicks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return startTicks === ticks && Number(pid) !== process.pid ? Number(pid) : null;
  } catch {
    return null;
  }
}
