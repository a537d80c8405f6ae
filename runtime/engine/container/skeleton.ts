/** The lowest layer of every container: the mount points, so that making them leaves nothing in the writable layer. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

export interface MountPoint {
  readonly target: string;
  readonly kind: "directory" | "file";
}

const SYSTEM_DIRECTORIES = ["/proc", "/dev", "/sys", "/run", "/tmp"];

/** Pure: every directory to make, parents first, and every file. */
export function skeletonEntries(mountPoints: readonly MountPoint[]): readonly MountPoint[] {
  const directories = new Set<string>();
  const addWithParents = (path: string): void => {
    if (path === "/" || directories.has(path)) return;
    addWithParents(dirname(path));
    directories.add(path);
  };
  for (const path of SYSTEM_DIRECTORIES) addWithParents(path);
  for (const point of mountPoints) addWithParents(point.kind === "directory" ? point.target : dirname(point.target));
  const files = mountPoints.filter((point) => point.kind === "file" && !directories.has(point.target));
  return [...[...directories].map((target) => ({ target, kind: "directory" as const })), ...files];
}

/** Owned by the container's root; /tmp as everywhere. */
export function makeSkeleton(directory: string, baseUid: number, mountPoints: readonly MountPoint[]): void {
  mkdirSync(directory, { mode: 0o755 });
  chownSync(directory, baseUid, baseUid);
  for (const entry of skeletonEntries(mountPoints)) {
    const path = directory + entry.target;
    if (entry.kind === "directory") mkdirSync(path);
    else writeFileSync(path, "", { mode: 0o644 });
    chownSync(path, baseUid, baseUid);
    if (entry.target === "/tmp") chmodSync(path, 0o1777);
  }
}
