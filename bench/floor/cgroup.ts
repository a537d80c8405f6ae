/** Removes an empty cgroup below the root of every hierarchy (one on v2, one for each controller on v1). */
import { readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";

export function removeCgroup(name: string): void {
  for (const directory of [ROOT, ...readdirSync(ROOT).map((entry) => join(ROOT, entry))]) removeTree(join(directory, name));
}

function removeTree(directory: string): void {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(directory, entry.name));
    rmdirSync(directory);
  } catch {
    // Not in this hierarchy, or still in use.
  }
}
