import { describe, expect, it } from "vitest";
import { overlap } from "../../../control/domain-claims.ts";
import { parseDomain } from "../../../core/index.ts";

describe("a wildcard domain", () => {
  it("is a star before a name of two labels at least", () => {
    expect(parseDomain("*.Example.org")).toBe("*.example.org");
    expect(parseDomain("www.example.org")).toBe("www.example.org");
    for (const text of ["*.org", "*", "*.", "*.*.example.org", "a.*.example.org", "*example.org", "*.-a.org"]) {
      expect(() => parseDomain(text)).toThrow(/is not a host name|top-level/);
    }
  });

  it.each([
    ["*.example.org", "example.org", true],
    ["*.example.org", "www.example.org", true],
    ["*.example.org", "a.b.example.org", true],
    ["*.example.org", "*.b.example.org", true],
    ["*.example.org", "*.example.org", true],
    ["*.example.org", "example.com", false],
    ["*.example.org", "badexample.org", false],
    ["*.b.example.org", "a.example.org", false],
    // Two names without a wildcard are two names.
    ["example.org", "www.example.org", false],
  ])("%s and %s overlap: %s", (one, other, expected) => {
    expect(overlap(one, other)).toBe(expected);
    expect(overlap(other, one)).toBe(expected);
  });
});
