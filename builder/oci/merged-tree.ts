/** The content of a layer as one tree, whatever number of directories it is stored in. */
import type { Stats } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Layer } from "../../core/index.ts";
import { runOnHost } from "../host-command.ts";
import type { BytePath } from "../tree.ts";
import { absolute, walk } from "../walk.ts";

export type LayerEntry =
  | { readonly kind: "entry"; readonly path: BytePath; readonly stats: Stats /** On the host. */; readonly file: Buffer }
  /** Hides what lower layers have at this path. */
  | { readonly kind: "whiteout"; readonly path: BytePath }
  /** Hides what lower layers have in this directory. */
  | { readonly kind: "opaque"; readonly path: BytePath };

interface Node {
  readonly stats: Stats;
  readonly file: Buffer;
  readonly children: Map<BytePath, Node>;
}

/** In path order, parents first, so that the same content gives the same archive. */
export async function layerEntries({ directories }: Layer): Promise<Iterable<LayerEntry>> {
  const [only] = directories;
  if (directories.length !== 1 || only === undefined) return mergedEntries(directories);
  return entriesOf(only, new Set(await opaqueDirectories(only)));
}

/** overlayfs: a character device 0:0 hides what is below. */
export function isWhiteout(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

/** One by one: nobody waits while a large layer is listed. */
function* entriesOf(directory: string, opaque: ReadonlySet<BytePath>): Generator<LayerEntry> {
  for (const { path, stats } of walk(directory)) {
    if (isWhiteout(stats)) {
      yield { kind: "whiteout", path };
      continue;
    }
    yield { kind: "entry", path, stats, file: absolute(directory, path) };
    if (opaque.has(path)) yield { kind: "opaque", path };
  }
}

/** Inside a chain whiteouts have done their work: an app layer shows exactly its commit, and hides nothing that is not its own. */
function mergedEntries(directories: readonly string[]): Iterable<LayerEntry> {
  const root = new Map<BytePath, Node>();
  for (const directory of directories) {
    for (const { path, stats } of walk(directory)) put(root, path, isWhiteout(stats) ? null : { stats, file: absolute(directory, path) });
  }
  return flatten(root, "");
}

function put(root: Map<BytePath, Node>, path: BytePath, found: Omit<Node, "children"> | null): void {
  const names = path.split("/");
  const name = names.pop() ?? "";
  let parent = root;
  for (const part of names) parent = parent.get(part)?.children ?? parent;
  const below = parent.get(name);
  if (found === null) parent.delete(name);
  else parent.set(name, { ...found, children: found.stats.isDirectory() && below?.stats.isDirectory() ? below.children : new Map() });
}

function* flatten(nodes: ReadonlyMap<BytePath, Node>, prefix: BytePath): Generator<LayerEntry> {
  for (const [name, node] of [...nodes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    yield { kind: "entry", path: prefix + name, stats: node.stats, file: node.file };
    yield* flatten(node.children, `${prefix}${name}/`);
  }
}

const OPAQUE_TIMEOUT_MS = 60_000;

async function opaqueDirectories(directory: string): Promise<readonly BytePath[]> {
  const script = fileURLToPath(new URL("opaque.pl", import.meta.url));
  const { stdout } = await runOnHost({ argv: ["perl", script, directory], encoding: "latin1", timeoutMs: OPAQUE_TIMEOUT_MS });
  return stdout.split("\0").filter((path) => path !== "");
}
