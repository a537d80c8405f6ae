/** The processes of a platform that a test kills, found as root finds them; only ever those of this platform. */
import { readdirSync, readFileSync } from "node:fs";
import type { Platform } from "../platform.ts";

export const VICTIMS = ["control", "router", "redis", "builder", "conmon", "runc", "instance"] as const;
export type Victim = (typeof VICTIMS)[number];

/** null: there is none in this moment. `app` names the app whose instance or monitor is meant. */
export function findVictim(platform: Platform, victim: Victim, app: string): number | null {
  switch (victim) {
    case "control":
    case "router":
    case "redis":
      return recorded(platform, victim);
    case "builder":
      return processesIn(platform, (id) => id.startsWith("build-")).at(-1) ?? null;
    case "instance":
      return processesIn(platform, (id) => id.startsWith(`${app}-web-`))[0] ?? null;
    case "conmon":
      return withArguments(
        (argv) => argv[0]?.endsWith("conmon") === true && belongs(platform, argv) && argv.some((one) => one.startsWith(app)),
      );
    case "runc":
      return withArguments((argv) => argv[0]?.endsWith("runc") === true && belongs(platform, argv));
  }
}

function recorded(platform: Platform, name: "control" | "router" | "redis"): number | null {
  try {
    const pid = platform.pid(name);
    return isZombieOrGone(pid) ? null : pid;
  } catch {
    return null;
  }
}

function isZombieOrGone(pid: number): boolean {
  return !/\) [^ZX]/.test(read(`/proc/${pid}/stat`));
}

/** Of containers of this platform whose id fits; init first. */
function processesIn(platform: Platform, fits: (id: string) => boolean): readonly number[] {
  const group = `/sys/fs/cgroup/pids/pushboat/${platform.platformId}`;
  const unified = `/sys/fs/cgroup/pushboat/${platform.platformId}`;
  return [group, unified].flatMap((directory) =>
    names(directory)
      .filter(fits)
      .flatMap((id) => read(`${directory}/${id}/cgroup.procs`).split("\n").filter(Boolean).map(Number)),
  );
}

function belongs({ runDirectory }: Platform, argv: readonly string[]): boolean {
  return argv.some((one) => one.startsWith(`${runDirectory}/`));
}

function withArguments(fits: (argv: readonly string[]) => boolean): number | null {
  for (const pid of names("/proc")
    .filter((name) => /^\d+$/.test(name))
    .reverse())
    if (fits(read(`/proc/${pid}/cmdline`).split("\0"))) return Number(pid);
  return null;
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
