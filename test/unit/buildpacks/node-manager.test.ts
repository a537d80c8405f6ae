import { describe, expect, it } from "vitest";
import { BUILDPACKS, choosePlan } from "../../../buildpacks/index.ts";
import { chooseManager } from "../../../buildpacks/node-manager.ts";
import { parsePackageJson } from "../../../buildpacks/package-json.ts";
import { type Files, packageJson, sourceOf } from "./source-of.ts";

function chosen(files: Files, fields: object = {}) {
  const manager = chooseManager(sourceOf(files), parsePackageJson(packageJson(fields)));
  return { tool: manager.tool && `${manager.tool.package} ${manager.tool.version.range}`, install: manager.installProduction };
}

describe("the package manager", () => {
  it.each([
    ["package-lock.json", { "package-lock.json": "{}" }, {}, null, "npm ci --omit=dev"],
    [
      "an old yarn.lock",
      { "yarn.lock": "# yarn lockfile v1\n" },
      {},
      "yarn 1",
      "yarn install --frozen-lockfile --non-interactive --production=true",
    ],
    [
      "a new yarn.lock",
      { "yarn.lock": "__metadata:\n  version: 8\n" },
      {},
      "@yarnpkg/cli-dist 4",
      "yarn install --immutable --mode=skip-build && yarn workspaces focus --production --all",
    ],
    [
      "a yarn.lock of Yarn 3",
      { "yarn.lock": "__metadata:\n  version: 6\n" },
      {},
      "@yarnpkg/cli-dist 3",
      "yarn install --immutable --mode=skip-build && yarn workspaces focus --production --all",
    ],
    [
      "an older pnpm-lock.yaml",
      { "pnpm-lock.yaml": "lockfileVersion: '6.0'\n" },
      {},
      "pnpm 8",
      "pnpm install --store-dir /var/cache/pnpm --frozen-lockfile --prod",
    ],
    [
      "packageManager, with a hash",
      { "pnpm-lock.yaml": "lockfileVersion: '9.0'\n" },
      { packageManager: "pnpm@9.15.4+sha512.abc" },
      "pnpm 9.15.4",
      "pnpm install --store-dir /var/cache/pnpm --frozen-lockfile --prod",
    ],
    ["package-lock.json beside a yarn.lock", { "package-lock.json": "{}", "yarn.lock": "" }, {}, null, "npm ci --omit=dev"],
  ])("is chosen by %s", (_, files, fields, tool, install) => {
    expect(chosen(files as unknown as Files, fields)).toEqual({ tool, install });
  });
});

describe("a package manager that is not run here", () => {
  it.each([
    ["bun.lock is bun's", { "bun.lock": "{}" }, {}],
    ['packageManager in package.json names "bun"', { "package-lock.json": "{}" }, { packageManager: "bun@1.4.5" }],
  ])("is refused with those that are: %s", (seen, files, fields) => {
    expect(() => chosen(files as Files, fields)).toThrow(expect.objectContaining({ code: "build/package-manager" }));
    expect(() => chosen(files as Files, fields)).toThrow(seen);
  });

  it("does not matter beside a lockfile that is ours", () => {
    expect(chosen({ "bun.lock": "{}", "package-lock.json": "{}" }).install).toBe("npm ci --omit=dev");
  });
});

describe("compilers and Node's headers", () => {
  const kinds = (files: Files, fields: object) =>
    choosePlan(sourceOf({ "package.json": packageJson({ scripts: { start: "node ." }, ...fields }), ...files }), BUILDPACKS).buildRuntime;
  const lock = (packages: object) => JSON.stringify({ lockfileVersion: 3, packages: { "": {}, ...packages } });
  const withCompiler = [expect.objectContaining({ name: "tools" }), expect.objectContaining({ kind: "node", headers: true })];

  it.each([
    ["a package has an install script", { "package-lock.json": lock({ "node_modules/bcrypt": { hasInstallScript: true } }) }, {}],
    ["the project is an addon itself", { "binding.gyp": "{}" }, {}],
    ["a package comes from git", { "package-lock.json": lock({}) }, { dependencies: { x: "github:a/x" } }],
  ])("are there when %s", (_, files, fields) => {
    expect(kinds(files as unknown as Files, { dependencies: { x: "1" }, ...fields })).toEqual(withCompiler);
  });

  it("are not there for a script that compiles nothing", () => {
    const files = { "package-lock.json": lock({ "node_modules/vite/node_modules/esbuild": { hasInstallScript: true } }) };
    expect(kinds(files, { dependencies: { vite: "7" } })).toEqual([expect.not.objectContaining({ headers: true })]);
  });
});
