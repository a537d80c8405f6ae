/**
 * Frees what no kept image needs and no running build uses. Layers that could be used again stay as long as all layers together fit
 * their budget: the least recently used go first. Base and language layers belong to the machine and stay.
 */
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { LayerId } from "../core/index.ts";
import { condemnCaches } from "./cache-budget.ts";
import { abandonedCaches, appCaches } from "./cache-sweep.ts";
import { diskFreePercent, FULL_USED_PERCENT } from "./disk.ts";
import { diskUsage } from "./disk-usage.ts";
import type { ImageRecord, LastBuild } from "./image-store.ts";
import type { LayerRecord } from "./layer-store.ts";
import type { Parts } from "./parts.ts";

/** An image that was just built may not be in a release yet. */
const YOUNG_MS = 15 * 60_000;

export interface SweepPlan {
  readonly images: readonly string[];
  readonly layers: readonly LayerId[];
  readonly directories: readonly string[];
}

export interface StoreContents {
  readonly images: readonly ImageRecord[];
  readonly lastBuilds: readonly LastBuild[];
  readonly records: readonly LayerRecord[];
  readonly names: readonly string[];
}

export interface SweepRules {
  /** Digests of images. */
  readonly kept: ReadonlySet<string>;
  /** Layers that running builds stand on. */
  readonly held: ReadonlySet<LayerId>;
  readonly budgetBytes: number;
  /** Of a directory, by its name. */
  readonly bytesOf: (name: string) => number;
  readonly usedMs: (id: LayerId) => number;
  readonly nowMs: number;
}

/** Pure. A directory stays as long as any kept image or layer names it: deltas share what lies below them. */
export function planSweep(contents: StoreContents, rules: SweepRules): SweepPlan {
  const { kept, held, nowMs } = rules;
  const keptImages = contents.images.filter(({ image, createdMs }) => kept.has(image.digest) || nowMs - createdMs < YOUNG_MS);
  const keptDigests = new Set(keptImages.map(({ image }) => image.digest));
  const needed = new Set<LayerId>([
    ...held,
    ...keptImages.flatMap(({ image }) => image.layers.map(({ id }) => id)),
    // What the next build of a living environment stands on: dependencies for the build, the app layer of a static site.
    ...contents.lastBuilds.filter(({ digest }) => keptDigests.has(digest)).flatMap(({ layers }) => layers),
  ]);
  const isNeeded = ({ id, createdMs }: LayerRecord): boolean => needed.has(id) || nowMs - createdMs < YOUNG_MS;
  const ofImages = keptImages.flatMap(({ image }) =>
    image.layers.flatMap(({ directories }) => directories.map((directory) => basename(directory))),
  );
  const keptRecords = fitBudget(
    contents.records.filter(isNeeded),
    contents.records.filter((record) => !isNeeded(record)),
    ofImages,
    rules,
  );
  const keptIds = new Set(keptRecords.map(({ id }) => id));
  const keptNames = new Set([...ofImages, ...keptRecords.flatMap(({ directories }) => directories)]);
  return {
    images: contents.images.filter(({ image }) => !keptDigests.has(image.digest)).map(({ image }) => image.digest),
    layers: contents.records.filter(({ id }) => !keptIds.has(id)).map(({ id }) => id),
    directories: contents.names.filter((name) => !keptNames.has(name)),
  };
}

/** Beside the needed ones the most recently used that fit; where one does not, nothing that was used before it stays either. */
function fitBudget(
  needed: readonly LayerRecord[],
  spare: readonly LayerRecord[],
  ofImages: readonly string[],
  { budgetBytes, bytesOf, usedMs }: SweepRules,
): readonly LayerRecord[] {
  const kept = [...needed];
  const names = new Set([...ofImages, ...needed.flatMap(({ directories }) => directories)]);
  const sum = (directories: Iterable<string>): number => [...directories].reduce((total, name) => total + bytesOf(name), 0);
  let total = sum(names);
  for (const record of [...spare].sort((a, b) => usedMs(b.id) - usedMs(a.id))) {
    const more = record.directories.filter((name) => !names.has(name));
    total += sum(more);
    if (total > budgetBytes) break;
    kept.push(record);
    for (const name of more) names.add(name);
  }
  return kept;
}

export async function sweepStore(
  parts: Parts,
  keptDigests: readonly string[],
  layerBudgetBytes: number,
): Promise<{ removed: readonly LayerId[]; freedBytes: number }> {
  const { store, images } = parts;
  const measured = await measureLayers(parts);
  const full = 100 - (await diskFreePercent(parts.dataDirectory)) >= FULL_USED_PERCENT;
  const lastBuilds = images.lastBuilds();
  const contents = {
    images: images.records(),
    lastBuilds: lastBuilds.map(({ build }) => build),
    records: store.records(),
    names: store.names(),
  };
  // Without an await from the look at the leases until everything is out of the store: no build can find what is about to go.
  const plan = planSweep(contents, {
    kept: new Set(keptDigests),
    held: parts.leases.held(),
    // A full disk leaves no room for what is only good to have.
    budgetBytes: full ? 0 : layerBudgetBytes,
    bytesOf: (name) => measured.get(name) ?? 0,
    usedMs: store.usedMs,
    nowMs: parts.now(),
  });
  const gone = new Set(plan.images);
  for (const digest of gone) images.remove(digest);
  for (const { file, build } of lastBuilds) if (gone.has(build.digest)) images.removeLastBuild(file);
  const condemned = store.condemn(plan.layers, plan.directories);
  await condemnCaches({
    dataDirectory: parts.dataDirectory,
    budgetBytes: parts.limits.cacheBudgetBytes,
    nowMs: parts.now(),
    doomed: condemned,
  });
  const doomed = [
    condemned,
    ...store.abandonedDrafts(parts.now()),
    ...abandonedCaches(
      appCaches(parts.dataDirectory),
      images.lastBuilds().map(({ file }) => file),
      parts.now(),
    ),
  ];
  const freedBytes = [...(await diskUsage(doomed)).values()].reduce((sum, bytes) => sum + bytes, 0);
  for (const directory of doomed) await rm(directory, { recursive: true, force: true });
  return { removed: plan.layers, freedBytes };
}

/** Layers do not change: what a record says of its own directory holds, and only the others have to be walked. */
async function measureLayers({ store }: Pick<Parts, "store">): Promise<ReadonlyMap<string, number>> {
  const known = new Map(store.records().map(({ directories, sizeBytes }) => [directories.at(-1) ?? "", sizeBytes]));
  const unknown = store.names().filter((name) => !known.has(name));
  const bytesOf = await diskUsage(unknown.map((name) => join(store.directory, name)));
  return new Map([...known, ...[...bytesOf].map(([path, bytes]): [string, number] => [basename(path), bytes])]);
}
