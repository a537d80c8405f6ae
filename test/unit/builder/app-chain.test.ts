import { describe, expect, it } from "vitest";
import { candidateBases, fits } from "../../../builder/app-chain.ts";
import type { LayerRecord } from "../../../builder/layer-store.ts";
import type { Change } from "../../../builder/tree-changes.ts";

function chain(length: number): LayerRecord {
  const names = Array.from({ length }, (_, index) => `d${index}`);
  return {
    id: "app-x",
    kind: "app",
    title: "app",
    directories: names,
    trees: names.map((name) => `tree of ${name}`),
    files: 1000,
    inputs: {},
    sizeBytes: 1,
    createdMs: 0,
  };
}

const hides = (...paths: string[]): readonly Change[] => paths.map((path) => ({ kind: "hide", path }));

describe("what an app layer stands on", () => {
  it("is nothing for a first commit, and for a layer that is no chain", () => {
    expect(candidateBases(null)).toEqual([]);
    const { trees: _, ...other } = chain(1);
    expect(candidateBases(other)).toEqual([]);
  });

  it("is the previous layer, else its lowest directory", () => {
    expect(candidateBases(chain(3)).map(({ directories }) => directories)).toEqual([["d0", "d1", "d2"], ["d0"]]);
    expect(candidateBases(chain(1)).map(({ directories }) => directories)).toEqual([["d0"]]);
  });

  it("is the lowest directory alone once there are eight deltas", () => {
    expect(candidateBases(chain(8)).length).toBe(2);
    expect(candidateBases(chain(9)).map(({ directories, trees }) => [directories, trees])).toEqual([[["d0"], ["tree of d0"]]]);
  });

  it("does not fit where most of it changed, or where a whiteout would hide dependencies", () => {
    const [base] = candidateBases(chain(1));
    if (base === undefined) throw new Error("no base");
    expect(fits(base, hides("a", "b"))).toBe(true);
    expect(fits(base, hides(...Array.from({ length: 501 }, (_, index) => `f${index}`)))).toBe(false);
    expect(fits(base, hides("node_modules"))).toBe(false);
    expect(fits(base, hides("node_modules/a/b"))).toBe(false);
    expect(fits(base, hides("src/node_modules"))).toBe(true);
  });
});
