import { describe, expect, it } from "vitest";
import { languageOutcome } from "../../../builder/layers.ts";
import { resolveBuild, type Surroundings, whyBuilt } from "../../../builder/resolve.ts";
import { BUILDPACKS, choosePlan, readBuildSettings, type SourceTree } from "../../../buildpacks/index.ts";
import { type Files, packageJson, sourceOf } from "../buildpacks/source-of.ts";

const AROUND: Surroundings = {
  versions: { node: ["24.1.0", "24.2.0"], npm: [] },
  base: "base-1",
  architecture: "x64",
  salt: "",
  config: {},
};

const TOKEN = "build: {env: [TOKEN]}";
const NPM_11 = { ...AROUND.versions, npm: ["11.0.0"] };

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
    ["the package manager", app({}, { packageManager: "npm@11.0.0" }), { ...AROUND, versions: NPM_11 }, /npm [\d.]+ -> 11\.0\.0/],
  ])("changes with %s, and the reason says so", (_, source, around, reason) => {
    const [before, after] = [dependencies(app()), dependencies(source, around)];
    expect(after?.id).not.toBe(before?.id);
    expect(whyBuilt(before?.inputs ?? null, after?.inputs ?? {})).toMatch(reason);
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
      "package-lock.json changed, dependencies for the build changed",
    );
  });
});

describe("what pushboat.yml says of the build", () => {
  const step = (yml: string, { files = {}, config = {} }: { files?: Files; config?: Record<string, string> } = {}) => {
    const source = sourceOf({ "package.json": packageJson({ scripts: { start: "node .", build: "tsc" } }), ...files });
    const settings = readBuildSettings({ pushboatYml: yml, appJson: null, kind: "production" });
    return resolveBuild(choosePlan(source, BUILDPACKS, settings), source, { ...AROUND, config }).steps.at(-1)?.inputs ?? {};
  };

  it.each<[string, Record<string, string>, Record<string, string>, string]>([
    ["build/command", step(""), step("build: {command: make}"), "the command changed"],
    ["a package of build/apt", step(""), step("build: {apt: [ffmpeg]}"), "the package ffmpeg is new"],
    ["a package less", step("build: {apt: [ffmpeg, jq]}"), step("build: {apt: [jq]}"), "the package ffmpeg is gone"],
    ["a package of Aptfile", step(""), step("", { files: { Aptfile: "jq\n" } }), "the package jq is new"],
    ["config of build/env", step(TOKEN, { config: { TOKEN: "1" } }), step(TOKEN, { config: { TOKEN: "2" } }), "the config TOKEN changed"],
    ["config that is unset", step(TOKEN, { config: { TOKEN: "1" } }), step(TOKEN), "the config TOKEN changed"],
  ])("makes a step anew with %s, and the reason says so", (_, before, after, reason) => {
    // An Aptfile is a file of the source, too.
    expect(whyBuilt(before, after).replace("the source changed, ", "")).toBe(reason);
  });

  it("says one thing where another buildpack builds it now", () => {
    const python = sourceOf({ "requirements.txt": "flask\ngunicorn", "app.py": "app = Flask()" });
    const inputs = resolveBuild(choosePlan(python, BUILDPACKS), python, AROUND).steps[0]?.inputs ?? {};
    expect(whyBuilt(dependencies(app())?.inputs ?? null, inputs)).toBe("the buildpack Node.js -> Python");
  });
});

describe("a runtime of the machine", () => {
  const java = (version: string) => ({ Java: `${version} jre-0123456789abcdef${version}` });

  it.each([
    [null, true, { reason: "same version" }],
    [null, false, { reason: "first use on this machine" }],
    [java("21"), true, { reason: "same version" }],
    [java("25"), true, { reason: "Java 25 -> 21; made before on this machine" }],
    [java("25"), false, { reason: "Java 25 -> 21", rebuilt: true }],
  ])("after %j, there already: %s, says %j", (last, reused, outcome) => {
    expect(languageOutcome(last, java("21"), reused)).toEqual(outcome);
  });
});
