/** What is to be put and what to be hidden so that one tree becomes another. Reads only the directories that differ. */
import { type BytePath, EMPTY_TREE, type Tree, type TreeEntry } from "./tree.ts";

export type Change =
  /** A file or a link at this path, whatever was there before. */
  | { readonly kind: "put"; readonly path: BytePath; readonly entry: TreeEntry }
  /** A directory where there was none; what is in it follows. */
  | { readonly kind: "directory"; readonly path: BytePath }
  /** Nothing at this path any more, nor below it. */
  | { readonly kind: "hide"; readonly path: BytePath };

export type ReadTree = (id: string, path: BytePath) => Promise<Tree>;

/** Trees by id; null is the empty tree. In path order, parents before children. */
export async function treeChanges(read: ReadTree, from: string | null, to: string): Promise<readonly Change[]> {
  const changes: Change[] = [];
  await compare({ read, changes }, "", from, to);
  return changes;
}

interface Walk {
  readonly read: ReadTree;
  readonly changes: Change[];
}

async function compare(walk: Walk, path: BytePath, from: string | null, to: string | null): Promise<void> {
  if (from === to) return;
  const [before, after] = await Promise.all([treeOf(walk, from, path), treeOf(walk, to, path)]);
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  for (const name of names) await compareEntry(walk, path + name, before.get(name), after.get(name));
}

async function compareEntry(walk: Walk, path: BytePath, before: TreeEntry | undefined, after: TreeEntry | undefined): Promise<void> {
  if (after === undefined) {
    walk.changes.push({ kind: "hide", path });
    return;
  }
  if (before?.id === after.id && before.kind === after.kind) return;
  if (after.kind === "file" || after.kind === "executable" || after.kind === "link") {
    walk.changes.push({ kind: "put", path, entry: after });
    return;
  }
  // A directory (a submodule is an empty one) over a file hides the file by itself in overlayfs: no whiteout.
  if (!isDirectory(before)) walk.changes.push({ kind: "directory", path });
  await compare(walk, `${path}/`, treeId(before), treeId(after));
}

function isDirectory(entry: TreeEntry | undefined): boolean {
  return entry?.kind === "directory" || entry?.kind === "submodule";
}

function treeId(entry: TreeEntry | undefined): string | null {
  return entry?.kind === "directory" ? entry.id : null;
}

function treeOf(walk: Walk, id: string | null, path: BytePath): Promise<Tree> | Tree {
  return id === null ? EMPTY_TREE : walk.read(id, path);
}
