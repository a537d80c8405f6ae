/** Apps' own error and maintenance pages: files by the hash of their content, beside the snapshot; read once, held while a route names them. */
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Route } from "../core/index.ts";

/** Control's side. A file is whole or not there, and never changes. */
export async function writePages(directory: string, pages: ReadonlyMap<string, string>, groupId: number | null): Promise<void> {
  const owner = process.getuid?.() ?? 0;
  await mkdir(directory, { recursive: true, mode: 0o750 });
  if (groupId !== null) await chown(directory, owner, groupId);
  const there = new Set(await readdir(directory));
  for (const [hash, html] of pages) {
    if (there.has(hash)) continue;
    const temporary = join(directory, `${hash}.new`);
    await writeFile(temporary, html, { mode: 0o640 });
    if (groupId !== null) await chown(temporary, owner, groupId);
    await rename(temporary, join(directory, hash));
  }
  for (const name of there) if (!pages.has(name)) await rm(join(directory, name), { force: true });
}

export class OwnPages {
  readonly #directory: string;
  #byHash: ReadonlyMap<string, string> = new Map();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Before the table is applied. A page that cannot be read is done without: the router's own is shown. */
  async load(routes: readonly Pick<Route, "pages">[]): Promise<void> {
    const wanted = new Set(routes.flatMap(({ pages }) => Object.values(pages ?? {}) as string[]));
    const next = new Map<string, string>();
    for (const hash of wanted) {
      const html = this.#byHash.get(hash) ?? (await this.#read(hash));
      if (html !== null) next.set(hash, html);
    }
    this.#byHash = next;
  }

  find(hash: string | undefined): string | null {
    return hash === undefined ? null : (this.#byHash.get(hash) ?? null);
  }

  #read(hash: string): Promise<string | null> {
    return /^[0-9a-f]{64}$/.test(hash) ? readFile(join(this.#directory, hash), "utf8").catch(() => null) : Promise.resolve(null);
  }
}
