/** What a platform left on the host after `down`: each kernel object, process or file that carries its id or its data directory. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "./command.ts";

export interface PlatformTraces {
  readonly platformId: string;
  readonly dataDirectory: string;
}

/** One line for each thing found, for example `mount /run/pushboat/1a2b3c4d/...`; empty when the host is clean. */
export async function leftovers(traces: PlatformTraces): Promise<string[]> {
  const ours = (text: string): boolean => text.includes(traces.platformId) || text.includes(traces.dataDirectory);
  const named = (kind: string, lines: readonly string[]): string[] => lines.filter(ours).map((line) => `${kind} ${line.trim()}`);
  return [
    ...named("mount", readFileSync("/proc/self/mountinfo", "utf8").split("\n")),
    ...named("network namespace", entries("/run/netns")),
    ...named("interface", await lines(["ip", "-o", "link"])),
    ...named("nftables", await lines(["nft", "list", "tables"])),
    ...named("cgroup", cgroups("/sys/fs/cgroup", 4)),
    ...named("run directory", entries("/run/pushboat")),
    ...processes().filter(ours),
  ];
}

async function lines(argv: readonly [string, ...string[]]): Promise<string[]> {
  return (await mustRun(argv)).stdout.split("\n");
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Paths of cgroup directories, down to `depth` levels (hybrid hosts have one tree for each controller). */
function cgroups(directory: string, depth: number): string[] {
  if (depth === 0) return [];
  try {
    const found = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return found.flatMap((entry) => [join(directory, entry.name), ...cgroups(join(directory, entry.name), depth - 1)]);
  } catch {
    return []; // a cgroup that went while we looked
  }
}

/** The command line of every process but the zombies (theirs is empty) and the test itself. */
function processes(): string[] {
  return entries("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => `process ${pid} ${commandLine(pid)}`);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
