/** /etc/passwd and /etc/group as the union of an image's layers shows them, read without following any link. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Layer } from "../../core/index.ts";
import type { AccountFiles } from "./run-config.ts";

const MAX_BYTES = 1024 * 1024;

export function readAccountFiles(layers: readonly Layer[]): AccountFiles {
  const directories = layers.flatMap(({ directories: each }) => each).reverse();
  return { passwd: readTopmost(directories, "passwd"), group: readTopmost(directories, "group") };
}

/** The highest layer that says anything about /etc/NAME counts, also when it says that there is none. */
function readTopmost(directories: readonly string[], name: string): string | null {
  for (const directory of directories) {
    const etc = lstatSync(join(directory, "etc"), { throwIfNoEntry: false });
    if (etc === undefined) continue;
    if (!etc.isDirectory()) return null;
    const path = join(directory, "etc", name);
    const file = lstatSync(path, { throwIfNoEntry: false });
    if (file !== undefined) return file.isFile() ? readRegular(path) : null;
  }
  return null;
}

function readRegular(path: string): string | null {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    return stats.isFile() && stats.size <= MAX_BYTES ? readFileSync(file, "utf8") : null;
  } finally {
    closeSync(file);
  }
}
