/** What a container has used so far, from the kernel's counters: files of its cgroups, and the interface inside its network namespace. */
import { existsSync } from "node:fs";
import { field } from "./cgroup.ts";
import { readText } from "./process.ts";

export interface Counters {
  /** Processor time of all its processes, in milliseconds. */
  readonly cpuMs: number;
  readonly processes: number;
  /** Of block devices: what the page cache answered is not in it. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

const ROOT = "/sys/fs/cgroup";

export interface Counted {
  readonly cgroup: string;
  /** Its init. */
  readonly pid: number;
  /** All that live in it. */
  readonly processes: readonly number[];
}

/** All zero where it is gone. */
export function readCounters({ cgroup, pid, processes }: Counted): Counters {
  const groups = existsSync(`${ROOT}/cgroup.controllers`) ? version2(cgroup) : version1(cgroup);
  const counted = groups.readBytes + groups.writtenBytes > 0;
  return { ...groups, ...(counted ? {} : ioOf(processes)), ...parseNetDev(readText(`/proc/${pid}/net/dev`)) };
}

/** Not every kernel counts the block devices of a cgroup (version 1 on a virtual disk: always 0). A process has what its reaped children did, too. */
function ioOf(processes: readonly number[]): Pick<Counters, "readBytes" | "writtenBytes"> {
  const files = processes.map((pid) => readText(`/proc/${pid}/io`)?.replaceAll(":", "") ?? null);
  const total = (name: string): number => files.reduce((all, text) => all + field(text, name), 0);
  return { readBytes: total("read_bytes"), writtenBytes: total("write_bytes") };
}

type GroupCounters = Omit<Counters, "receivedBytes" | "sentBytes">;

function version1(cgroup: string): GroupCounters {
  const io = readText(`${ROOT}/blkio${cgroup}/blkio.throttle.io_service_bytes`);
  return {
    cpuMs: Number(readText(`${ROOT}/cpuacct${cgroup}/cpuacct.usage`) ?? 0) / 1e6,
    processes: Number(readText(`${ROOT}/pids${cgroup}/pids.current`) ?? 0),
    readBytes: sum(io, /^\d+:\d+ Read (\d+)$/gm),
    writtenBytes: sum(io, /^\d+:\d+ Write (\d+)$/gm),
  };
}

/** Could not be tried where this was written; file names from Documentation/admin-guide/cgroup-v2.rst. */
function version2(cgroup: string): GroupCounters {
  const io = readText(`${ROOT}${cgroup}/io.stat`);
  return {
    cpuMs: field(readText(`${ROOT}${cgroup}/cpu.stat`), "usage_usec") / 1000,
    processes: Number(readText(`${ROOT}${cgroup}/pids.current`) ?? 0),
    readBytes: sum(io, /\brbytes=(\d+)/g),
    writtenBytes: sum(io, /\bwbytes=(\d+)/g),
  };
}

function sum(text: string | null, pattern: RegExp): number {
  return [...(text ?? "").matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
}

/** Pure: all interfaces but the loopback one, as /proc/PID/net/dev shows them in that process's namespace. */
export function parseNetDev(text: string | null): Pick<Counters, "receivedBytes" | "sentBytes"> {
  const rows = [...(text ?? "").matchAll(/^\s*([^\s:]+):\s*(.*)$/gm)].filter(([, name]) => name !== "lo");
  const columns = rows.map(([, , numbers = ""]) => numbers.trim().split(/\s+/).map(Number));
  const total = (column: number): number => columns.reduce((all, row) => all + (row[column] ?? 0), 0);
  return { receivedBytes: total(0), sentBytes: total(8) };
}
