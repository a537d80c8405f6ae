/** What a buildpack may know of a commit: names and a few small texts, as a value. */

export interface SourceEntry {
  readonly type: "file" | "directory" | "link" | "submodule";
  /** Content identity (git object id). */
  readonly id: string;
}

export interface SourceTree {
  /** Content identity of the whole tree (git tree id). */
  readonly id: string;
  /** Path -> entry: everything at the root, and what lies directly in LISTED_DIRECTORIES. */
  readonly entries: ReadonlyMap<string, SourceEntry>;
  /** Path -> content of those of READ_FILES that are there as regular files. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Directories whose names a buildpack may ask for, beside the root. */
export const LISTED_DIRECTORIES = ["public", "dist"] as const;

/** Files whose text a buildpack may read; all at the root. */
export const READ_FILES = ["package.json", ".nvmrc", ".node-version", "Procfile", ".gitmodules", ".gitattributes"] as const;

export function hasFile(source: SourceTree, path: string): boolean {
  return source.entries.get(path)?.type === "file";
}

export function rootNames(source: SourceTree): readonly string[] {
  return [...source.entries]
    .filter(([path]) => !path.includes("/"))
    .map(([path, entry]) => (entry.type === "directory" ? `${path}/` : path));
}
