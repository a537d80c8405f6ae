import { describe, expect, it } from "vitest";
import { findJsonError } from "../../../buildpacks/json-position.ts";

const BAD = [
  '{"a":1,}',
  "[1,]",
  "{a:1}",
  '{"a" 1}',
  '{"a":"b',
  "{'a':1}",
  "01",
  "1.",
  "tru",
  "",
  "  ",
  '"a\nb"',
  '"\\x"',
  "[1 2]",
  "{}x",
  "nulll",
  "-",
  "NaN",
  '{"a":1}}',
];
const GOOD = ["{}", " [1, 2.5e-3, -0, true, false, null] ", '{"a":{"b":["\\u00e9\\n"]}}', '"x"', "0"];

describe("the place where a text stops being JSON", () => {
  it("is found exactly where JSON.parse refuses, and nowhere else", () => {
    const refuses = (text: string): boolean => {
      try {
        JSON.parse(text);
        return false;
      } catch {
        return true;
      }
    };
    for (const text of [...BAD, ...GOOD]) expect([text, findJsonError(text) !== null]).toEqual([text, refuses(text)]);
  });

  it("is a line and a column that begin with 1", () => {
    expect(findJsonError('{\n  "a": 1\n  "b": 2\n}')).toEqual({ line: 3, column: 3, expected: '"," or "}"' });
    expect(findJsonError('{"a": }')).toEqual({ line: 1, column: 7, expected: "a value" });
  });

  it("ends for a text that nests without end", () => {
    expect(findJsonError("[".repeat(100_000))?.expected).toBe("less nesting");
  });
});
