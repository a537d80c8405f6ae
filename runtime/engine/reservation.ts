/**
 * Which index a platform has on this host. One file for each index, made whole and linked into place: the kernel lets
 * exactly one platform succeed, so no lock is held and none can be left behind.
 */
import { existsSync, linkSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { PushboatError } from "../../core/index.ts";
import { writeAtomically } from "./atomic-file.ts";
import { runCommandOrThrow } from "./command.ts";
import { readText } from "./kernel/process.ts";
import type { Paths } from "./paths.ts";

const TMPFS_MAGIC = 0x0102_1994;

/** What runs must not survive a reboot, and secrets must not reach the disk: /run/pushboat is a tmpfs, mounted here where /run is none. */
export async function ensureVolatile(hostDirectory: string): Promise<void> {
  mkdirSync(hostDirectory, { recursive: true, mode: 0o711 });
  if (statfsSync(hostDirectory).type === TMPFS_MAGIC) return;
  const mount = `[ "$(stat -f -c %T "$0")" = tmpfs ] || mount -t tmpfs -o mode=0711,nosuid,nodev pushboat "$0"`;
  await runCommandOrThrow("flock", [`${hostDirectory}.lock`, "sh", "-c", mount, hostDirectory]);
}

export interface ReservationRequest {
  /** The data directory. */
  readonly owner: string;
  readonly limit: number;
  /** Whether kernel objects of an index are still there. */
  readonly inUse: (index: number) => boolean;
}

/** The index this platform holds already, else the one it had last, else the first free one. */
export function reserveIndex(paths: Paths, { owner, limit, inUse }: ReservationRequest): number {
  mkdirSync(paths.reservations, { recursive: true, mode: 0o700 });
  const held = readdirSync(paths.reservations).find((name) => readText(`${paths.reservations}/${name}`) === owner);
  const last = Number(readText(paths.index) ?? -1);
  const candidates = [last, ...Array.from({ length: limit }, (_, index) => index)].filter((index) => index >= 0 && index < limit);
  const index = held === undefined ? findFree(paths, owner, candidates, inUse) : Number(held);
  if (index === undefined) throw hostFull(limit);
  mkdirSync(paths.index.slice(0, paths.index.lastIndexOf("/")), { recursive: true });
  writeAtomically(paths.index, String(index));
  return index;
}

/** Answers whether no other platform is left on the host. */
export function giveBackIndex(paths: Paths, index: number): boolean {
  rmSync(`${paths.reservations}/${index}`, { force: true });
  return readdirSync(paths.reservations).every((name) => !/^\d+$/.test(name));
}

function findFree(paths: Paths, owner: string, candidates: readonly number[], inUse: ReservationRequest["inUse"]): number | undefined {
  const free = candidates.find((candidate) => claim(paths, candidate, owner));
  if (free !== undefined) return free;
  // only when the host is full: what deleted data directories left, unless something of theirs still runs
  const abandoned = candidates.filter((index) => {
    const other = readText(`${paths.reservations}/${index}`);
    return other !== null && !existsSync(other) && !inUse(index);
  });
  for (const index of abandoned) rmSync(`${paths.reservations}/${index}`, { force: true });
  return abandoned.find((candidate) => claim(paths, candidate, owner));
}

function claim(paths: Paths, index: number, owner: string): boolean {
  const draft = `${paths.reservations}/draft-${process.pid}-${index}`;
  writeFileSync(draft, owner, { mode: 0o600 });
  try {
    linkSync(draft, `${paths.reservations}/${index}`);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function hostFull(limit: number): PushboatError {
  return new PushboatError({
    code: "engine/host-full",
    message: `all ${limit} places for platforms on this host are taken`,
    hint: "Take down a platform that is not needed: sudo ./pushboat down --data DIR",
  });
}
