/** What the benchmarks print: medians, and the verdict against a budget. */
import { describe, expect, it } from "vitest";
import type { BenchResult } from "../../../bench/result.ts";
import { median, percentile } from "../../../bench/statistics.ts";
import { markdownTable, verdict } from "../../../bench/table.ts";

const result = (change: Partial<BenchResult>): BenchResult => ({
  name: "x",
  value: 10,
  unit: "ms",
  ratio: null,
  against: null,
  budget: null,
  ...change,
});

describe("a budget", () => {
  it.each([
    [{ ratio: 1.35, budget: "<= 1.35x" }, "yes"],
    [{ ratio: 1.36, budget: "<= 1.35x" }, "NO"],
    [{ ratio: 0.6, budget: ">= 0.6x" }, "yes"],
    [{ value: 199.9, budget: "<= 200 MB" }, "yes"],
    [{ value: 1, budget: "< 1 MB" }, "NO"],
    [{ value: 0, budget: "<= 0" }, "yes"],
    [{ budget: null }, ""],
    [{ ratio: null, budget: "<= 0.7x" }, ""],
  ] as const)("of %j is met: %s", (change, expected) => {
    expect(verdict(result(change))).toBe(expected);
  });
});

describe("medians", () => {
  it("take the middle one, the lower of two, whatever the order", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2);
    expect(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 99)).toBe(10);
  });
});

describe("the table", () => {
  it("is markdown with one row for each result", () => {
    const text = markdownTable([result({ name: "push", value: 123.4, ratio: 1.2, against: "floor", budget: "<= 1.35x" })]);
    expect(text.split("\n")[2]).toBe("| push | 123 ms | 1.2x | floor | <= 1.35x | yes |");
  });
});
