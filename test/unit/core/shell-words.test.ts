import { describe, expect, test } from "vitest";
import { quoteShellWord, splitShellWords } from "../../../core/index.ts";

describe("splitting a command line", () => {
  test.each([
    ["", []],
    [" \t\n ", []],
    ["apps:list", ["apps:list"]],
    ["  config:set   blog  A=1 ", ["config:set", "blog", "A=1"]],
    ["config:set blog 'A=two words'", ["config:set", "blog", "A=two words"]],
    [`A="two words"B='3 4'`, ["A=two wordsB=3 4"]],
    [`"" ''`, ["", ""]],
    [`a\\ b \\'`, ["a b", "'"]],
    [`"\\$HOME \\n \\" \\\\"`, ['$HOME \\n " \\']],
    [`'\\n'`, ["\\n"]],
    [`'first\nsecond'`, ["first\nsecond"]],
    [`a\\\nb "c\\\nd"`, ["ab", "cd"]],
  ])("%j is %j", (line, words) => {
    expect(splitShellWords(line)).toEqual(words);
  });

  test("expands nothing: variables, globs, comments, substitutions and operators are plain text", () => {
    expect(splitShellWords("$HOME * # `id` $(id) a;b|c&d ~ {a,b}")).toEqual(["$HOME", "*", "#", "`id`", "$(id)", "a;b|c&d", "~", "{a,b}"]);
  });

  test.each([
    ["'open", "single quote"],
    ['"open', "double quote"],
    ['"open\\"', "double quote"],
    ["end\\", "backslash"],
  ])("%j is refused with what is missing (%s)", (line, what) => {
    expect(() => splitShellWords(line)).toThrow(what);
  });

  test("10,000 words are split in their order", () => {
    const words = Array.from({ length: 10_000 }, (_, i) => `w${i}`);
    expect(splitShellWords(words.join(" "))).toEqual(words);
  });

  test.each(["plain", "", "two words", "it's", 'a"b', "line\nbreak", "$HOME", "\\"])("a quoted word %j is read back", (word) => {
    expect(splitShellWords(quoteShellWord(word))).toEqual([word]);
  });
});
