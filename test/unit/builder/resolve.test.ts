import { describe, expect, it } from "vitest";
import { resolveBuild, whyBuilt } from "../../../builder/resolve.ts";
import { BUILDPACKS, choosePlan, type SourceTree } from "../../../buildpacks/index.ts";
import { packageJson, sourceOf } from "../buildpacks/source-of.ts";

const AROUND = { versions: { node: ["24.1.0", "24.2.0"], npm: [] }, base: "base-1", architecture: "x64", salt: "", config: {} };

function resolved(source: SourceTree, around = AROUND) {
  return resolveBuild(choosePlan(source, BUILDPACKS), source, around);
}

const app = (files: Readonly<Record<string, string>> = {}, fields: object = {}): SourceTree =>
  sourceOf({
    "package.json": packageJson({ scripts: { start: "node server.js" }, dependencies: { express: "5" }, ...fields }),
    "package-lock.json": "{}",
    "server.js": "1",
    ...files,
  });

const dependencies = (source: SourceTree, around = AROUND) => resolved(source, around).steps[0];

describe("the identity of a dependency layer", () => {
  it("does not change with the app's code, nor with its scripts", () => {
    expect(dependencies(app({ "server.js": "2" }))?.id).toBe(dependencies(app())?.id);
    expect(dependencies(app({}, { scripts: { start: "node --enable-source-maps server.js" } }))?.id).toBe(dependencies(app())?.id);
  });

  it.each([
    ["package-lock.json", app({ "package-lock.json": "{ }" }), AROUND, "package-lock.json changed"],
    ["package.json", app({}, { dependencies: { express: "4" } }), AROUND, "package.json changed"],
    [".npmrc", app({ ".npmrc": "x=1" }), AROUND, ".npmrc is new"],
    ["the Node version", app({ ".nvmrc": "24.1.0" }), AROUND, "Node 24.2.0 -> 24.1.0"],
    ["the base image", app(), { ...AROUND, base: "base-2" }, "the base image changed"],
    ["a push with no-cache", app(), { ...AROUND, salt: "now" }, "a push with no-cache is new"],
  ])("changes with %s, and the reason says so", (_, source, around, reason) => {
    const [before, after] = [dependencies(app()), dependencies(source, around)];
    expect(after?.id).not.toBe(before?.id);
    expect(whyBuilt(before?.inputs ?? null, after?.inputs ?? {})).toBe(reason);
  });

  it("has no reason to name on a first build, and one of its own when only the store lost it", () => {
    const inputs = dependencies(app())?.inputs ?? {};
    expect(whyBuilt(null, inputs)).toBe("first build");
    expect(whyBuilt(inputs, inputs)).toBe("it was swept since the last build");
  });
});

describe("the identity of a build layer", () => {
  const built = (files: Record<string, string> = {}, fields: object = {}) =>
    resolved(app(files, { scripts: { start: "node .", build: "tsc" }, devDependencies: { typescript: "7" }, ...fields })).steps.at(-1);

  it("changes with every file, and with the dependencies that it stands on", () => {
    expect(built({ "server.js": "2" })?.id).not.toBe(built()?.id);
    expect(whyBuilt(built()?.inputs ?? null, built({ "server.js": "2" })?.inputs ?? {})).toBe("the source changed");
    expect(whyBuilt(built()?.inputs ?? null, built({ "package-lock.json": "{ }" })?.inputs ?? {})).toBe(
      "the source changed, dependencies for the build changed",
    );
  });
});
