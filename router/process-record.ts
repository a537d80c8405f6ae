/** The launcher's record of a process: "PID STARTTICKS" (launcher/processes.sh). A number that was given again is not taken for it. */
import { readFileSync } from "node:fs";

/** null: there is no record, or its process is gone. */
export function livingProcess(record: string): number | null {
  try {
    const [pid = "", ticks = ""] = readFileSync(record, "utf8").trim().split(" ");
    const stat = readFileSync(`/proc/${Number(pid)}/stat`, "utf8");
    // proc(5): fields 3 and 22, counted from behind the name in brackets.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[19] === ticks && fields[0] !== "Z" ? Number(pid) : null;
  } catch {
    return null;
  }
}
