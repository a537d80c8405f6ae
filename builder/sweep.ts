/** Frees what no kept image needs and no running build uses. Base and language layers belong to the machine and stay. */
import { rm } from "node:fs/promises";
import { basename } from "node:path";
import type { LayerId } from "../core/index.ts";
import { condemnCaches } from "./cache-budget.ts";
import { abandonedCaches, appCaches } from "./cache-sweep.ts";
import type { ImageRecord, LastBuild } from "./image-store.ts";
import type { LayerRecord } from "./layer-store.ts";
import type { Parts } from "./parts.ts";
import { diskBytes } from "./walk.ts";

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

/** Pure. A directory stays as long as any kept image or layer names it: deltas share what lies below them. */
export function planSweep(contents: StoreContents, kept: ReadonlySet<string>, held: ReadonlySet<LayerId>, nowMs: number): SweepPlan {
  const keptImages = contents.images.filter(({ image, createdMs }) => kept.has(image.digest) || nowMs - createdMs < YOUNG_MS);
  const keptDigests = new Set(keptImages.map(({ image }) => image.digest));
  const needed = new Set<LayerId>([
    ...held,
    ...keptImages.flatMap(({ image }) => image.layers.map(({ id }) => id)),
    // What the next build of a living environment stands on: dependencies for the build, the app layer of a static site.
    ...contents.lastBuilds.filter(({ digest }) => keptDigests.has(digest)).flatMap(({ layers }) => layers),
  ]);
  const keptRecords = contents.records.filter(({ id, createdMs }) => needed.has(id) || nowMs - createdMs < YOUNG_MS);
  const keptIds = new Set(keptRecords.map(({ id }) => id));
  const neededNames = new Set([
    ...keptRecords.flatMap(({ directories }) => directories),
    ...keptImages.flatMap(({ image }) => image.layers.flatMap(({ directories }) => directories.map((directory) => basename(directory)))),
  ]);
  return {
    images: contents.images.filter(({ image }) => !keptDigests.has(image.digest)).map(({ image }) => image.digest),
    layers: contents.records.filter(({ id }) => !keptIds.has(id)).map(({ id }) => id),
    directories: contents.names.filter((name) => !neededNames.has(name)),
  };
}

export async function sweepStore(
  parts: Parts,
  keptDigests: readonly string[],
): Promise<{ removed: readonly LayerId[]; freedBytes: number }> {
  const { store, images } = parts;
  const lastBuilds = images.lastBuilds();
  const contents = {
    images: images.records(),
    lastBuilds: lastBuilds.map(({ build }) => build),
    records: store.records(),
    names: store.names(),
  };
  // Without an await from the look at the leases until everything is out of the store: no build can find what is about to go.
  const plan = planSweep(contents, new Set(keptDigests), parts.leases.held(), parts.now());
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
  const freedBytes = doomed.reduce((sum, directory) => sum + diskBytes(directory), 0);
  for (const directory of doomed) await rm(directory, { recursive: true, force: true });
  return { removed: plan.layers, freedBytes };
}
