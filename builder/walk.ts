/** Every entry below a directory, by bytes, without following links. */
import { lstatSync, readdirSync, type Stats } from "node:fs";
import type { BytePath } from "./tree.ts";

export interface WalkedEntry {
  /** Relative, parents before children, names in byte order. */
  readonly path: BytePath;
  readonly stats: Stats;
}

export function* walk(directory: string, below: BytePath = ""): Generator<WalkedEntry> {
  const names = readdirSync(absolute(directory, below), { encoding: "buffer" }).map((name) => name.toString("latin1"));
  for (const name of names.sort()) {
    const path = below === "" ? name : `${below}/${name}`;
    const stats = lstatSync(absolute(directory, path));
    yield { path, stats };
    if (stats.isDirectory()) yield* walk(directory, path);
  }
}

/** Node takes paths as bytes: a name need not be UTF-8. */
export function absolute(directory: string, path: BytePath): Buffer {
  return path === "" ? Buffer.from(directory) : Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(path, "latin1")]);
}
