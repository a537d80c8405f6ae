/** The app layer: the commit's files below /app. Costs what changed since the previous commit, not what exists. */
import { rmSync } from "node:fs";
import type { Layer, LayerId } from "../core/index.ts";
import { type ChainBase, candidateBases, fits } from "./app-chain.ts";
import { flush } from "./flush.ts";
import type { GitObjects } from "./git-objects.ts";
import { layerId, sha256 } from "./identity.ts";
import { writeLayerFiles } from "./layer-files.ts";
import type { LayerRecord, LayerStore } from "./layer-store.ts";
import { treeReader } from "./source.ts";
import { type Change, treeChanges } from "./tree-changes.ts";
import type { Whiteouts } from "./whiteout.ts";

export interface AppLayerSpec {
  readonly git: GitObjects;
  readonly store: LayerStore;
  readonly whiteouts: Whiteouts;
  readonly tree: string;
  /** Tree of the previous commit; null where there is none. */
  readonly previousTree: string | null;
  /** Of the environment's last no-cache push; empty where there was none. */
  readonly salt: string;
  readonly maxFileBytes: number;
}

export interface MadeLayer {
  readonly layer: Layer;
  readonly record: LayerRecord;
  readonly reused: boolean;
  /** For the reader of the push. */
  readonly reason: string;
}

/** By the git tree: the same files are the same layer, however they are stored. */
export function appLayerId(tree: string, salt: string): LayerId {
  return layerId("app", { tree, ...(salt === "" ? {} : { salt }) });
}

export async function makeAppLayer(spec: AppLayerSpec): Promise<MadeLayer> {
  const id = appLayerId(spec.tree, spec.salt);
  const stored = spec.store.find(id);
  if (stored !== null) return { layer: spec.store.layer(stored), record: stored, reused: true, reason: "the same files" };

  const { base, changes } = await chooseBase(spec);
  const name = directoryName(spec, base);
  const draft = spec.store.draft("app");
  try {
    const written = await writeLayerFiles({ ...spec, directory: draft }, changes);
    await flush(draft, changes.length);
    const record: LayerRecord = {
      id,
      kind: "app",
      title: "app",
      directories: [...(base?.directories ?? []), name],
      trees: [...(base?.trees ?? []), spec.tree],
      files: base?.files ?? written.files,
      inputs: { files: spec.tree },
      sizeBytes: written.sizeBytes,
      createdMs: Date.now(),
    };
    await spec.store.add(record, draft);
    return { layer: spec.store.layer(record), record, reused: false, reason: describe(base, changes) };
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

interface Choice {
  readonly base: ChainBase | null;
  readonly changes: readonly Change[];
}

async function chooseBase(spec: AppLayerSpec): Promise<Choice> {
  const read = treeReader(spec.git);
  const previous = spec.previousTree === null ? null : spec.store.find(appLayerId(spec.previousTree, spec.salt));
  for (const base of candidateBases(previous)) {
    const changes = await treeChanges(read, base.trees.at(-1) ?? null, spec.tree);
    if (fits(base, changes)) return { base, changes };
  }
  return { base: null, changes: await treeChanges(read, null, spec.tree) };
}

/** A delta's content is given by the two trees; short, as every path stands in the mount options. */
function directoryName(spec: AppLayerSpec, base: ChainBase | null): string {
  const from = base?.trees.at(-1) ?? "";
  return `${base === null ? "a" : "d"}-${sha256(`${from}:${spec.tree}:${spec.salt}`).slice(0, 16)}`;
}

function describe(base: ChainBase | null, changes: readonly Change[]): string {
  const count = changes.filter(({ kind }) => kind !== "directory").length;
  const files = `${count} ${count === 1 ? "file" : "files"}`;
  return base === null ? files : `${files} changed`;
}
