/** What Pushboat's own processes hold: memory and descriptors, by name. */
import { readdirSync, readFileSync } from "node:fs";
import type { Platform, ProcessName } from "./platform.ts";

export interface Footprint {
  readonly memoryMegabytes: number;
  readonly descriptors: number;
}

const NAMES: readonly ProcessName[] = ["control", "router", "redis"];

export function footprints(platform: Platform): Readonly<Record<ProcessName, Footprint>> {
  return Object.fromEntries(NAMES.map((name) => [name, footprintOf(platform.pid(name))])) as Record<ProcessName, Footprint>;
}

/** PSS: what is shared counts by its part. */
function footprintOf(pid: number): Footprint {
  const kilobytes = Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
  return { memoryMegabytes: Math.round(kilobytes / 1024), descriptors: readdirSync(`/proc/${pid}/fd`).length };
}
