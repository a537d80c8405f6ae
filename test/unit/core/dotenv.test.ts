import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { formatShell, parseDotenv } from "../../../core/index.ts";

const ODD_VALUES = {
  EMPTY: "",
  SPACE: " x  y ",
  QUOTES: `it's "quoted"`,
  ONLY_QUOTE: "'",
  LINES: "-----BEGIN KEY-----\nabc=\n-----END KEY-----\n",
  WINDOWS_LINES: "a\r\nb\r",
  SHELL: "$HOME `id` $(id) \\ \\n ; & | < > * ? ~ !",
  HASH: "a #b",
  UNICODE: "grüße ✓",
  URL: "postgres://u:p@10.0.0.5:5432/db?a=b&c=d",
  TAB: "a\tb",
};

describe("the shell form", () => {
  it("comes back from parseDotenv exactly", () => {
    expect(parseDotenv(formatShell(ODD_VALUES))).toEqual(ODD_VALUES);
  });

  it("comes back from a real sh exactly", () => {
    const script = `set -a\n${formatShell(ODD_VALUES)}exec env -0`;
    const output = execFileSync("/bin/sh", ["-c", script], { env: {}, encoding: "utf8" });
    const seen = Object.fromEntries(
      output.split("\0").map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    );
    expect(seen).toMatchObject(ODD_VALUES);
  });

  it("quotes only what needs it", () => {
    expect(formatShell({ A: "1", B: "x y", C: "it's" })).toBe("A=1\nB='x y'\nC='it'\\''s'\n");
  });
});

describe("a .env file", () => {
  it.each([
    ["A=1", { A: "1" }],
    ["A = 1 ", { A: "1" }],
    ["export A=1", { A: "1" }],
    ["  export   A=1", { A: "1" }],
    ["A=", { A: "" }],
    ["A=x y # comment", { A: "x y" }],
    ["A=x#y", { A: "x#y" }],
    ["A=# nothing", { A: "" }],
    ["# comment\n\nA=1\n  # more\nB=2\n", { A: "1", B: "2" }],
    ["A='x # y' # comment", { A: "x # y" }],
    ["A='$HOME \\n'", { A: "$HOME \\n" }],
    ['A="a\\nb\\t\\"c\\" \\\\ \\$d \\q"', { A: 'a\nb\t"c" \\ $d \\q' }],
    ['A="one\ntwo"\nB=3', { A: "one\ntwo", B: "3" }],
    ["A='one\n# two\nB=3'\nC=4", { A: "one\n# two\nB=3", C: "4" }],
    ["A='it'\\''s'", { A: "it's" }],
    ["A=it's fine", { A: "it's fine" }],
    ["A=1\r\nB='x\r\ny'\r\n", { A: "1", B: "x\ny" }],
    ["\uFEFFA=1", { A: "1" }],
    ["A=1\nA=2", { A: "2" }],
    ["A=b=c==", { A: "b=c==" }],
    ["constructor=1", { constructor: "1" }],
    ["", {}],
  ])("%j is read", (text, expected) => {
    expect({ ...parseDotenv(text) }).toEqual(expected);
  });

  it.each([
    ["A", "Line 1", "config/dotenv"],
    ["A=1\njust text\nB=2", "Line 2", "config/dotenv"],
    ["A='x", "Line 1", "config/dotenv"],
    ['\n\nA="x\ny', "Line 3", "config/dotenv"],
    ["A='x'y", "Line 1", "config/dotenv"],
    ["A-B=1", "A-B", "config/key"],
    ["=1", '""', "config/key"],
    ["__proto__=1", "__proto__", "config/key"],
    ["\u001b[31m", "\\u001b", "config/dotenv"],
  ])("%j is refused and says where", (text, where, code) => {
    expect(() => parseDotenv(text)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(where) }));
  });

  it("of 60 kB on one line is read at once", () => {
    const started = performance.now();
    expect(parseDotenv(`A="${" #".repeat(30_000)}"`)["A"]).toHaveLength(60_000);
    expect(parseDotenv(`A=${"x ".repeat(30_000)}`)["A"]).toHaveLength(59_999);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
