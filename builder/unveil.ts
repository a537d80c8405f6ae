/** Takes from a layer what would hide the layers below it: dpkg renames each new directory into place, which overlayfs marks opaque. */
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, type Stats, utimesSync } from "node:fs";
import { join } from "node:path";

/**
 * Directories that the base does not have are made again, plainly: opaque there means nothing to the base, and to a layer of other
 * packages below it that its files in that directory are gone (/usr/include/x86_64-linux-gnu, of which every -dev package has a part).
 */
export function unveilNewDirectories(layer: string, base: string): void {
  for (const name of readdirSync(layer)) {
    const path = join(layer, name);
    if (!isDirectory(path)) continue;
    const before = lstatSync(path);
    unveilNewDirectories(path, join(base, name));
    if (!isDirectory(join(base, name))) makeAgain(path, before);
  }
}

function makeAgain(path: string, { mode, uid, gid, atime, mtime }: Stats): void {
  const plain = `${path}.plain`;
  mkdirSync(plain);
  for (const name of readdirSync(path)) renameSync(join(path, name), join(plain, name));
  rmdirSync(path);
  renameSync(plain, path);
  chownSync(path, uid, gid);
  chmodSync(path, mode & 0o7777);
  utimesSync(path, atime, mtime);
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
