/** A static site that npm builds (Vite, Astro, Create React App, ...): only its output goes into the image. */

import { buildStep, nodeBuildRuntime, nodeCaches } from "./node.ts";
import { planDependencies } from "./node-dependencies.ts";
import { planProcesses } from "./node-processes.ts";
import { parsePackageJson } from "./package-json.ts";
import type { BuildPlan, Buildpack } from "./plan.ts";
import type { SourceTree } from "./source-tree.ts";
import { siteImage } from "./static.ts";

/** Where builders write: Vite, Astro, Rollup; Create React App; Next's export; in this order. */
const OUTPUT_DIRECTORIES = ["dist", "build", "out"];

export const staticBuild: Buildpack = {
  id: "static-build",
  name: "static site with a build",
  looksFor: "package.json with a build script, and nothing to start",
  facts: {
    versions: "Node's, as above.",
    dependencies: "As for Node.",
    reuse: "As for Node.",
    start: "nginx; /index.html answers for what is not there, so that a client-side router can.",
    image: "nginx and dist/, build/ or out/; no Node.",
  },
  plan: planStaticBuild,
};

function planStaticBuild(source: SourceTree): BuildPlan | null {
  const text = source.texts.get("package.json");
  if (text === undefined) return null;
  const packageJson = parsePackageJson(text);
  if (packageJson.scripts["build"] === undefined || planProcesses(source, packageJson) !== null) return null;

  const dependencies = planDependencies(source, packageJson, { build: true, image: false });
  const build = {
    ...buildStep(source, packageJson),
    on: dependencies.forBuild,
    keeps: { kind: "site", candidates: OUTPUT_DIRECTORIES } as const,
  };
  return {
    buildpack: staticBuild.name,
    reason: "package.json with a build script and nothing to start",
    buildRuntime: nodeBuildRuntime(source, packageJson),
    caches: nodeCaches(source, packageJson),
    steps: [...dependencies.steps, build],
    imageSteps: ["build"],
    imageHasSource: false,
    ...siteImage("/app/site", "single-page"),
    warnings: dependencies.warnings,
  };
}
