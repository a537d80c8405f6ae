import { describe, expect, it } from "vitest";
import type { LayerRecord } from "../../../builder/layer-store.ts";
import { planSweep, type StoreContents, type SweepRules } from "../../../builder/sweep.ts";
import type { Image } from "../../../core/index.ts";

const NOW = 1_000_000_000;

function record(id: string, ...directories: string[]): LayerRecord {
  return { id, kind: "app", title: id, directories: directories.length === 0 ? [id] : directories, inputs: {}, sizeBytes: 1, createdMs: 0 };
}

function image(digest: string, ...layers: LayerRecord[]): { image: Image; createdMs: number } {
  const config = { env: {}, workingDirectory: "/app", uid: 1000, gid: 1000 };
  const stored = layers.map(
    ({ id, directories }) => ({ id, kind: "app", title: id, directories: directories.map((name) => `/data/layers/${name}`) }) as const,
  );
  return { image: { digest, layers: stored, config, processes: {} }, createdMs: 0 };
}

const deps = record("deps-1");
const one = record("app-1", "a1");
const two = record("app-2", "a1", "d2");
const three = record("app-3", "a1", "d2", "d3");

const CONTENTS: StoreContents = {
  images: [image("i1", deps, one), image("i2", deps, two), image("i3", deps, three)],
  lastBuilds: [],
  records: [deps, one, two, three],
  names: ["deps-1", "a1", "d2", "d3"],
};

const none: ReadonlySet<string> = new Set();

const sweep = (contents: StoreContents, rules: Partial<SweepRules>) =>
  planSweep(contents, { kept: none, held: none, budgetBytes: 0, bytesOf: () => 1, usedMs: () => 0, nowMs: NOW, ...rules });

describe("a sweep", () => {
  it("removes nothing that a kept image stands on, also directories that belong to layers which go", () => {
    expect(sweep(CONTENTS, { kept: new Set(["i3"]), held: none })).toEqual({
      images: ["i1", "i2"],
      layers: ["app-1", "app-2"],
      directories: [],
    });
  });

  it("removes the deltas above the kept image", () => {
    expect(sweep(CONTENTS, { kept: new Set(["i1"]), held: none })).toEqual({
      images: ["i2", "i3"],
      layers: ["app-2", "app-3"],
      directories: ["d2", "d3"],
    });
  });

  it("removes everything when nothing is kept, and a directory that no record names", () => {
    expect(sweep({ ...CONTENTS, names: [...CONTENTS.names, "lost"] }, { kept: none, held: none }).directories).toEqual([
      "deps-1",
      "a1",
      "d2",
      "d3",
      "lost",
    ]);
  });

  it("leaves what a running build holds, and what is younger than a quarter of an hour", () => {
    expect(sweep(CONTENTS, { kept: none, held: new Set(["app-2"]) })).toEqual({
      images: ["i1", "i2", "i3"],
      layers: ["deps-1", "app-1", "app-3"],
      directories: ["deps-1", "d3"],
    });
    const young = { ...image("i4", deps, two), createdMs: NOW - 1000 };
    expect(sweep({ ...CONTENTS, images: [young] }, { kept: none, held: none })).toEqual({
      images: [],
      layers: ["app-1", "app-3"],
      directories: ["d3"],
    });
  });

  it("leaves what the next build of a living environment stands on, and only that", () => {
    const dev = record("deps-dev");
    const contents = {
      ...CONTENTS,
      records: [...CONTENTS.records, dev],
      names: [...CONTENTS.names, "deps-dev"],
      lastBuilds: [{ digest: "i1", steps: {}, salt: "", layers: ["deps-dev"] }],
    };
    expect(sweep(contents, { kept: new Set(["i1"]), held: none }).layers).not.toContain("deps-dev");
    expect(sweep(contents, { kept: new Set(["i2"]), held: none }).layers).toContain("deps-dev");
  });
});

describe("the budget for layers", () => {
  it("lets what nothing needs stay as long as it fits, the most recently used first", () => {
    const used: Readonly<Record<string, number>> = { "deps-1": 3, "app-1": 1, "app-2": 2, "app-3": 4 };
    const left = (budgetBytes: number) => sweep(CONTENTS, { budgetBytes, usedMs: (id) => used[id] ?? 0 });
    expect(left(4)).toMatchObject({ layers: [], directories: [] });
    // app-3 stands on a1, d2 and d3.
    expect(left(3)).toMatchObject({ layers: ["deps-1", "app-1", "app-2"], directories: ["deps-1"] });
    expect(left(2)).toMatchObject({ directories: ["deps-1", "a1", "d2", "d3"] });
  });

  it("is no reason to remove what is needed, however little it is", () => {
    expect(sweep(CONTENTS, { kept: new Set(["i3"]), budgetBytes: 1 }).directories).toEqual([]);
  });
});
