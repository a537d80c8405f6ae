import { describe, expect, it } from "vitest";
import type { Tree, TreeEntry } from "../../../builder/tree.ts";
import { parseTree } from "../../../builder/tree.ts";
import { treeChanges } from "../../../builder/tree-changes.ts";

const ID = "ab".repeat(20);

function object(...entries: readonly (readonly [mode: string, name: string])[]): Buffer {
  return Buffer.concat(entries.map(([mode, name]) => Buffer.concat([Buffer.from(`${mode} ${name}\0`, "latin1"), Buffer.from(ID, "hex")])));
}

describe("a git tree object", () => {
  it("is read with every kind of entry, names as bytes", () => {
    const tree = parseTree(
      object(["100644", "a"], ["100755", "b"], ["100664", "c"], ["120000", "l"], ["40000", "d"], ["160000", "s"], ["100644", "\xff"]),
      20,
      "",
    );
    expect([...tree.values()].map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "a file",
      "b executable",
      "c file",
      "l link",
      "d directory",
      "s submodule",
      "\xff file",
    ]);
    expect(tree.get("a")?.id).toBe(ID);
  });

  it.each([["."], [".."], [".git"], [".GIT"], ["a/b"], [""]])("is refused with an entry called %j", (name) => {
    expect(() => parseTree(object(["100644", name]), 20, "src/")).toThrow(expect.objectContaining({ code: "build/unsafe-path" }));
  });

  it("is refused with the same name twice: a link and a directory behind it", () => {
    expect(() => parseTree(object(["120000", "a"], ["40000", "a"]), 20, "")).toThrow(
      expect.objectContaining({ code: "build/unsafe-path" }),
    );
  });

  it("is refused when it is cut off", () => {
    expect(() => parseTree(object(["100644", "a"]).subarray(0, 15), 20, "")).toThrow("broken tree");
  });
});

/** Trees by id, written as `name: "kind id"`. */
function changesBetween(trees: Readonly<Record<string, Readonly<Record<string, string>>>>, from: string | null, to: string) {
  const asked: string[] = [];
  const read = (id: string): Promise<Tree> => {
    asked.push(id);
    const entries = Object.entries(trees[id] ?? {}).map(([name, text]) => {
      const [kind, entryId] = text.split(" ") as [TreeEntry["kind"], string];
      return [name, { name, kind, id: entryId }] as const;
    });
    return Promise.resolve(new Map(entries));
  };
  return treeChanges(read, from, to).then((changes) => ({
    changes: changes.map(({ kind, path }) => `${kind} ${path}`),
    asked: asked.toSorted(),
  }));
}

describe("the changes between two trees", () => {
  it("read no directory that is the same in both", async () => {
    const trees = {
      r1: { big: "directory x", src: "directory s1" },
      r2: { big: "directory x", src: "directory s2" },
      s1: { a: "file 1" },
      s2: { a: "file 2" },
      x: {},
    };
    expect(await changesBetween(trees, "r1", "r2")).toEqual({ changes: ["put src/a"], asked: ["r1", "r2", "s1", "s2"] });
  });

  it("hide a whole directory at once", async () => {
    const trees = { r1: { src: "directory s", a: "file 1" }, r2: { a: "file 1" }, s: { b: "file 1" } };
    expect((await changesBetween(trees, "r1", "r2")).changes).toEqual(["hide src"]);
  });

  it("need no whiteout where a directory takes a file's place, or a file a directory's", async () => {
    const trees = { r1: { a: "file 1", b: "directory s" }, r2: { a: "directory s", b: "file 1" }, s: { c: "file 2" } };
    expect((await changesBetween(trees, "r1", "r2")).changes).toEqual(["directory a", "put a/c", "put b"]);
  });

  it("see a changed mode, a file that became a link, and a submodule as an empty directory", async () => {
    const trees = {
      r1: { a: "file 1", b: "file 2", c: "directory s", d: "submodule 8" },
      r2: { a: "executable 1", b: "link 2", c: "submodule 9", d: "submodule 9" },
      s: { x: "file 1" },
    };
    expect((await changesBetween(trees, "r1", "r2")).changes).toEqual(["put a", "put b", "hide c/x"]);
  });

  it("of a first commit are everything", async () => {
    const trees = { r: { a: "file 1", s: "directory s", m: "submodule 9" }, s: { x: "file 1" } };
    expect((await changesBetween(trees, null, "r")).changes).toEqual(["put a", "directory m", "directory s", "put s/x"]);
  });
});
