import { describe, expect, it } from "vitest";
import { nearest } from "../../../cli/nearest.ts";
import { fields, table } from "../../../cli/table.ts";
import { parseSpanMs, when } from "../../../cli/when.ts";

describe("a point in time", () => {
  const now = Date.parse("2026-08-01T10:05:00Z");
  it.each([
    [0, "0s"],
    [59_999, "59s"],
    [60_000, "1m"],
    [3_599_999, "59m"],
    [3_600_000, "1h"],
    [47 * 3_600_000, "47h"],
    [48 * 3_600_000, "2d"],
    [-5000, "0s"],
  ])("%i ms before now is ~ %s ago", (ms, ago) => {
    expect(when(now - ms, now)).toContain(`(~ ${ago} ago)`);
  });

  it("is written as Heroku writes it", () => {
    expect(when(Date.parse("2026-08-01T10:00:00.999Z"), now)).toBe("2026/08/01 10:00:00 +0000 (~ 4m ago)");
  });
});

describe("a span", () => {
  it.each([
    ["30s", 30_000],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
  ])("%s is %i ms", (text, ms) => {
    expect(parseSpanMs(text)).toBe(ms);
  });

  it.each(["", "10", "m", "1.5h", "-1h", "10 m", "constructor", "9999999s"])("%j is refused", (text) => {
    expect(() => parseSpanMs(text)).toThrow(expect.objectContaining({ code: "usage/span" }));
  });
});

describe("a table", () => {
  it("aligns columns, ends no line with blanks and shows control characters as escapes", () => {
    const rows = table([
      ["a", "long cell", ""],
      ["bb", "x\u001b[31m\n", "z"],
    ]);
    expect(rows).toEqual(["a   long cell", "bb  x\\u001b[31m\\n  z"]);
  });

  it("of fields puts the values below each other", () => {
    expect(fields({ A: "1", LONGER: "2", EMPTY: "" })).toEqual(["A:      1", "LONGER: 2", "EMPTY:"]);
  });
});

describe("the nearest name", () => {
  const names = ["config:set", "config:get", "ps", "apps", "logs"];
  it.each([
    ["cofnig:set", "config:set"],
    ["config:st", "config:set"],
    ["app", "apps"],
    ["log", "logs"],
    ["frobnicate", null],
    ["x".repeat(100_000), null],
  ])("to %.20s is %s", (typed, expected) => {
    expect(nearest(typed, names)).toBe(expected);
  });
});
