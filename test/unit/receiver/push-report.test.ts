import { describe, expect, test } from "vitest";
import { negotiate, reportOutcome } from "../../../receiver/hooks/proc-receive.ts";
import { allRefused, parseRefUpdate, refKind, sortUpdates } from "../../../receiver/hooks/refs.ts";

const ZERO = "0".repeat(40);
const A = "a".repeat(40);
const update = (ref: string) => ({ ref, oldCommit: null, newCommit: A as never });

describe("refs", () => {
  test.each([
    ["refs/heads/main", "branch"],
    ["refs/heads/a/b", "branch"],
    ["refs/tags/v1", "tag"],
    ["refs/notes/commits", "other"],
    ["refs/heads/", "other"],
    ["refs/headsx/main", "other"],
    ["HEAD", "other"],
  ])("%s is a %s", (ref, kind) => {
    expect(refKind(ref)).toBe(kind);
  });

  test("are read from git's lines; zeros are nothing", () => {
    expect(parseRefUpdate(`${ZERO} ${A} refs/heads/Ünïcode name\n`)).toEqual(update("refs/heads/Ünïcode name"));
    expect(parseRefUpdate(`${A} ${ZERO} refs/heads/x`)).toEqual({ ref: "refs/heads/x", oldCommit: A, newCommit: null });
    expect(() => parseRefUpdate("garbage")).toThrow("cannot be read");
  });

  test("are sorted: branches deploy, tags are stored, others are refused", () => {
    const sorted = sortUpdates([update("refs/heads/a"), update("refs/tags/v1"), update("refs/notes/x"), update("refs/heads/b")], {
      atomic: false,
    });
    expect(sorted.branches.map(({ ref }) => ref)).toEqual(["refs/heads/a", "refs/heads/b"]);
    expect(sorted.tags.map(({ ref }) => ref)).toEqual(["refs/tags/v1"]);
    expect(sorted.refused).toEqual([{ ref: "refs/notes/x", ok: false, reason: "only branches and tags can be pushed to Pushboat" }]);
  });

  test("of an atomic push are refused together", () => {
    const sorted = sortUpdates([update("refs/heads/a"), update("refs/notes/x")], { atomic: true });
    expect(sorted.branches).toEqual([]);
    expect(sorted.refused.map(({ ref, ok }) => [ref, ok])).toEqual([
      ["refs/heads/a", false],
      ["refs/notes/x", false],
    ]);
    expect(allRefused([update("a"), update("b")], [{ ref: "a", ok: true }])).toEqual([{ ref: "a", ok: true }]);
  });
});

describe("the report to git", () => {
  test.each([
    [{ ref: "refs/heads/a", ok: true } as const, ["ok refs/heads/a"]],
    [{ ref: "refs/heads/a", ok: false, reason: "build failed" } as const, ["ng refs/heads/a build failed"]],
    [{ ref: "refs/heads/a", ok: false, reason: "\n\t " } as const, ["ng refs/heads/a refused"]],
    [{ ref: "refs/heads/a", ok: false, reason: "one\r\nok refs/heads/b\0" } as const, ["ng refs/heads/a one ok refs/heads/b"]],
    [{ ref: "refs/heads/a", ok: false, reason: "x".repeat(999) } as const, [`ng refs/heads/a ${"x".repeat(400)}`]],
  ])("%j is %j", (outcome, lines) => {
    expect(reportOutcome(outcome)).toEqual(lines);
  });

  test.each([
    [["version=1\0push-options atomic"], ["push-options", "atomic"]],
    [["version=1\0atomic object-format=sha1"], ["atomic"]],
    [["version=1"], []],
    [["version=2\0atomic"], null],
    [[], null],
    [null, null],
  ])("%j is negotiated to %j", (section, features) => {
    expect(negotiate(section)).toEqual(features);
  });
});
