/** What is mounted where. */
import { readText } from "./process.ts";

export function readMountPoints(): readonly string[] {
  return mountPointsIn(readText("/proc/self/mountinfo") ?? "");
}

/** Pure: field 5 of each line of /proc/PID/mountinfo. */
export function mountPointsIn(mountinfo: string): readonly string[] {
  return mountinfo
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter(Boolean);
}
