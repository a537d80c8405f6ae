import { describe, expect, it } from "vitest";
import { npmOfNode, requestNode, requestNpm, resolveNode, resolveVersion } from "../../../buildpacks/node-version.ts";
import { parsePackageJson } from "../../../buildpacks/package-json.ts";
import { PushboatError } from "../../../core/index.ts";
import { packageJson, sourceOf } from "./source-of.ts";

const VERSIONS = ["20.19.0", "22.1.0", "22.12.0", "24.0.0-rc.1", "24.2.0", "24.10.0", "25.1.0"];

function chosen(files: Readonly<Record<string, string>>, fields: object = {}): string {
  const wish = requestNode(sourceOf(files), parsePackageJson(packageJson(fields)));
  return `${resolveVersion("Node", wish, VERSIONS)}, from ${wish.from}`;
}

describe("the Node version", () => {
  it.each([
    ["nothing says one", {}, {}, "24.10.0, from Pushboat's default, the current LTS"],
    ["engines.node is a range", {}, { engines: { node: ">=22 <23" } }, "22.12.0, from engines.node in package.json"],
    ["engines.node wins over .nvmrc", { ".nvmrc": "20" }, { engines: { node: "22.1.0" } }, "22.1.0, from engines.node in package.json"],
    [".nvmrc has a v and a comment", { ".nvmrc": "# why\nv22.1.0 # pinned\n" }, {}, "22.1.0, from .nvmrc"],
    [".nvmrc names a line by its name", { ".nvmrc": "lts/jod" }, {}, "22.12.0, from .nvmrc"],
    [".nvmrc asks for any LTS", { ".nvmrc": "lts/*\r\n" }, {}, "24.10.0, from .nvmrc"],
    [".nvmrc asks for the newest", { ".nvmrc": "node" }, {}, "25.1.0, from .nvmrc"],
    [".node-version is read after .nvmrc", { ".node-version": "20.19.0" }, {}, "20.19.0, from .node-version"],
    [
      "Volta pins one",
      { ".nvmrc": "20" },
      { volta: { node: "22.1.0" }, engines: { node: ">=20" } },
      "22.1.0, from volta.node in package.json",
    ],
    [".tool-versions is read last", { ".tool-versions": "ruby 3.3.0\nnodejs 22.1.0\n" }, {}, "22.1.0, from .tool-versions"],
    ["an empty .nvmrc says nothing", { ".nvmrc": "\n", ".node-version": "20" }, {}, "20.19.0, from .node-version"],
  ])("when %s", (_, files, fields, expected) => {
    expect(chosen(files as Record<string, string>, fields)).toBe(expected);
  });

  it("that does not exist is refused with those that do", () => {
    expect(() => chosen({ ".nvmrc": "99" })).toThrow(
      expect.objectContaining({
        code: "build/version",
        message: 'There is no Node "99" (.nvmrc)',
        hint: "Newest of each line: 25.1.0, 24.10.0, 22.12.0, 20.19.0",
      }),
    );
  });

  it("that is older than 16 is not to be had", () => {
    expect(() => resolveNode({ range: "14.x", from: "engines.node in package.json" }, ["14.21.3", "16.20.2", "17.9.1"])).toThrow(
      expect.objectContaining({
        message: 'There is no Node "14.x" (engines.node in package.json)',
        hint: "Newest of each line: 17.9.1, 16.20.2",
      }),
    );
  });

  it("that Volta pins outside engines.node is refused: one of the two is out of date", () => {
    expect(() => chosen({}, { volta: { node: "20.19.0" }, engines: { node: ">=22" } })).toThrow(
      'volta.node is "20.19.0", engines.node is ">=22"',
    );
  });

  it("that is no version is refused with its place", () => {
    expect(() => chosen({ ".nvmrc": "twenty" })).toThrow(PushboatError);
    expect(() => chosen({ ".nvmrc": "twenty" })).toThrow('"twenty" is not a version (.nvmrc)');
    expect(() => chosen({ ".nvmrc": "lts/unheard" })).toThrow("is not a version");
  });
});

describe("the npm version", () => {
  it("is exact by packageManager, a range by engines.npm, or belongs to the Node version", () => {
    const wish = (fields: object) => requestNpm(parsePackageJson(packageJson(fields)));
    expect(wish({ packageManager: "npm@11.6.0+sha512.abc", engines: { npm: "10" } })).toEqual({
      range: "11.6.0",
      from: "packageManager in package.json",
    });
    expect(wish({ engines: { npm: ">=10" } })).toEqual({ range: ">=10", from: "engines.npm in package.json" });
    expect(wish({ packageManager: "pnpm@9.0.0" })).toBeNull();
    expect([npmOfNode("16.20.2"), npmOfNode("22.12.0"), npmOfNode("26.1.0")]).toEqual(["8.19.4", "10.9.4", "11.6.2"]);
  });
});
