import { describe, expect, it } from "vitest";
import { testStandsOn } from "../../../builder/test-phase.ts";
import { BUILDPACKS, choosePlan } from "../../../buildpacks/index.ts";
import { sourceOf } from "../buildpacks/source-of.ts";

const LOCK = JSON.stringify({ lockfileVersion: 3, packages: {} });

function standsOn(packageJson: Record<string, unknown>): readonly string[] {
  const files = { "package.json": JSON.stringify(packageJson), "package-lock.json": LOCK, "server.js": "" };
  return testStandsOn(choosePlan(sourceOf(files), BUILDPACKS));
}

const dev = { dependencies: { a: "1" }, devDependencies: { b: "1" } };

describe("what tests stand on", () => {
  it("is the install with dev dependencies, not production's, and what was built", () => {
    expect(standsOn({ ...dev, scripts: { build: "x" } })).toEqual(["build-dependencies", "build"]);
  });

  it("is an install of its own where nothing else of the build needs dev dependencies", () => {
    expect(standsOn(dev)).toEqual(["build-dependencies"]);
  });

  it("is the tree before dev dependencies were taken out", () => {
    expect(standsOn({ ...dev, scripts: { postinstall: "x", build: "x" } })).toEqual(["dependencies", "build"]);
  });

  it("is uv's environment with the dev group", () => {
    const files = { "pyproject.toml": '[project]\nname = "x"\n', "uv.lock": "", "main.py": "" };
    expect(testStandsOn(choosePlan(sourceOf(files), BUILDPACKS))).toEqual(["test-dependencies"]);
  });
});
