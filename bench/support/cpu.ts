/** What a process has used of the CPU. */
import { readFileSync } from "node:fs";

/** proc(5): utime and stime, in ticks of 1/100 s, are the 14th and 15th field; the name in brackets may hold spaces. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
