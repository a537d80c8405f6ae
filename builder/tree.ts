/** A git tree object as a value. Names are bytes: each character of a `BytePath` is one byte (latin1), as git compares them. */
import { PushboatError, quote } from "../core/index.ts";

export type BytePath = string;

export type EntryKind = "file" | "executable" | "link" | "directory" | "submodule";

export interface TreeEntry {
  readonly name: BytePath;
  readonly kind: EntryKind;
  readonly id: string;
}

export type Tree = ReadonlyMap<BytePath, TreeEntry>;

export const EMPTY_TREE: Tree = new Map();

/** gitformat: `MODE SP NAME NUL ID`, repeated; IDs are 20 bytes, or 32 in a SHA-256 repository. */
export function parseTree(body: Buffer, idBytes: number, where: BytePath): Tree {
  const tree = new Map<BytePath, TreeEntry>();
  let offset = 0;
  while (offset < body.length) {
    const space = body.indexOf(32, offset);
    const nul = body.indexOf(0, space);
    const mode = body.toString("latin1", offset, space);
    const name = body.toString("latin1", space + 1, nul);
    offset = nul + 1 + idBytes;
    if (space < 0 || nul < 0 || offset > body.length) throw new Error(`broken tree at ${quote(where)}`);
    refuseUnsafe(name, where, tree);
    tree.set(name, { name, kind: entryKind(mode), id: body.toString("hex", nul + 1, offset) });
  }
  return tree;
}

/** Modes as git writes them; a file is executable when its owner may execute it (old trees have 100664). */
function entryKind(mode: string): EntryKind {
  if (mode === "40000" || mode === "040000") return "directory";
  if (mode === "120000") return "link";
  if (mode === "160000") return "submodule";
  return (Number.parseInt(mode, 8) & 0o100) === 0 ? "file" : "executable";
}

/** git refuses these itself (fsckObjects); a repository from elsewhere may hold them all the same. */
function refuseUnsafe(name: BytePath, where: BytePath, tree: Tree): void {
  const bad = name === "" || name === "." || name === ".." || name.includes("/") || name.toLowerCase() === ".git" || tree.has(name);
  if (!bad) return;
  throw new PushboatError({
    code: "build/unsafe-path",
    message: `The commit holds ${quote(readable(where + name))}, a path that could leave its directory`,
    hint: "Remove it from the history with git filter-repo, and push again.",
  });
}

/** For messages and for names that a buildpack compares. */
export function readable(path: BytePath): string {
  return Buffer.from(path, "latin1").toString("utf8");
}
