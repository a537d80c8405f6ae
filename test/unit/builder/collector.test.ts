/** Properties of what collects garbage, on stores and caches by a seeded generator. */
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { cachesOverBudget, type MeasuredCache } from "../../../builder/cache-budget.ts";
import { OPENED_MS } from "../../../builder/cache-sweep.ts";
import type { LayerRecord } from "../../../builder/layer-store.ts";
import { planSweep } from "../../../builder/sweep.ts";

const NOW = 1_000_000_000_000;
const ROUNDS = 300;

/** mulberry32: the same numbers for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const seeds = Array.from({ length: ROUNDS }, (_, seed) => seed);
const total = (caches: readonly MeasuredCache[]): number => caches.reduce((sum, { bytes }) => sum + bytes, 0);

describe("the collector", () => {
  it("never takes a layer or a directory that a kept image or a running build needs, leaves nothing that nobody does where there is no budget, and fits the budget where there is one", () => {
    for (const seed of seeds) {
      const below = numbers(seed);
      const some = <T>(all: readonly T[], most: number): T[] => Array.from({ length: below(most + 1) }, () => all[below(all.length)] as T);
      const names = Array.from({ length: 12 }, (_, index) => `d${index}`);
      const records = Array.from({ length: 8 }, (_, index): LayerRecord => {
        const directories = [...new Set([...some(names, 3), names[index] as string])];
        return { id: `app-${index}`, kind: "app", title: "", directories, inputs: {}, sizeBytes: 1, createdMs: 0 };
      });
      const images = Array.from({ length: 5 }, (_, index) => ({
        createdMs: 0,
        image: {
          digest: `i${index}`,
          layers: some(records, 3).map(({ id, directories }) => ({
            id,
            kind: "app" as const,
            title: "",
            directories: directories.map((name) => `/layers/${name}`),
          })),
          config: { env: {}, workingDirectory: "/", uid: 1, gid: 1 },
          processes: {},
        },
      }));
      const lastBuilds = some(images, 2).map(({ image }) => ({
        digest: image.digest,
        steps: {},
        salt: "",
        layers: some(records, 2).map(({ id }) => id),
      }));
      const kept = new Set(some(images, 3).map(({ image }) => image.digest));
      const held = new Set(some(records, 1).map(({ id }) => id));
      const used = new Map(records.map(({ id }) => [id, below(1000)]));
      const usedMs = (id: string): number => used.get(id) ?? 0;
      const rules = { kept, held, bytesOf: () => 1, usedMs, nowMs: NOW };
      const plan = planSweep({ images, lastBuilds, records, names }, { ...rules, budgetBytes: 0 });

      const keptImages = images.filter(({ image }) => kept.has(image.digest));
      const neededIds = new Set([
        ...held,
        ...keptImages.flatMap(({ image }) => image.layers.map(({ id }) => id)),
        ...lastBuilds.filter(({ digest }) => kept.has(digest)).flatMap(({ layers }) => layers),
      ]);
      const neededNames = new Set([
        ...records.filter(({ id }) => neededIds.has(id)).flatMap(({ directories }) => directories),
        ...keptImages.flatMap(({ image }) => image.layers.flatMap(({ directories }) => directories.map((path) => basename(path)))),
      ]);
      expect(new Set(plan.layers), `seed ${seed}`).toEqual(new Set(records.map(({ id }) => id).filter((id) => !neededIds.has(id))));
      expect(new Set(plan.directories), `seed ${seed}`).toEqual(new Set(names.filter((name) => !neededNames.has(name))));
      expect(plan.images.some((digest) => kept.has(digest))).toBe(false);

      // With a budget: what is needed stays all the same, the rest fits, and none goes before one that was used earlier.
      const budgetBytes = below(14);
      const { layers: gone, directories } = planSweep({ images, lastBuilds, records, names }, { ...rules, budgetBytes });
      const left = records.filter(({ id }) => !gone.includes(id));
      const leftNames = names.filter((name) => !directories.includes(name));
      const spare = left.filter(({ id }) => !neededIds.has(id));
      expect(
        gone.filter((id) => neededIds.has(id)),
        `seed ${seed}`,
      ).toEqual([]);
      expect([...neededNames, ...left.flatMap((each) => each.directories)].filter((name) => !leftNames.includes(name))).toEqual([]);
      if (spare.length > 0) expect(leftNames.length, `seed ${seed}`).toBeLessThanOrEqual(budgetBytes);
      expect(
        gone.filter((id) => spare.some((each) => usedMs(each.id) < usedMs(id))),
        `seed ${seed}`,
      ).toEqual([]);
    }
  });

  it("brings caches under their budget, the longest unused first, no more than needed, and none that a build may have open", () => {
    for (const seed of seeds) {
      const below = numbers(seed);
      const caches = Array.from({ length: below(10) }, (_, index) => ({
        path: `/cache/${index}`,
        openedMs: NOW - below(4 * OPENED_MS),
        bytes: below(1000),
      }));
      const budget = below(4000);
      const gone = new Set(cachesOverBudget(caches, budget, NOW));
      const left = caches.filter(({ path }) => !gone.has(path));
      const removed = caches.filter(({ path }) => gone.has(path));
      const old = left.filter(({ openedMs }) => NOW - openedMs > OPENED_MS);
      expect(total(left) <= budget || old.length === 0, `seed ${seed}`).toBe(true);
      expect(removed.every(({ openedMs }) => NOW - openedMs > OPENED_MS)).toBe(true);
      expect(removed.every((one) => old.every((other) => one.openedMs <= other.openedMs))).toBe(true);
      const last = removed.toSorted((a, b) => a.openedMs - b.openedMs).at(-1);
      if (last !== undefined) expect(total(left) + last.bytes).toBeGreaterThan(budget);
    }
  });
});
