/** A static site that npm builds (Vite, Astro, Create React App, ...): only its output goes into the image. */
import { detectFramework } from "./frameworks.ts";
import { buildStep, nodeBuildRuntime, nodeCaches } from "./node.ts";
import { planDependencies } from "./node-dependencies.ts";
import { planProcesses } from "./node-processes.ts";
import { parsePackageJson } from "./package-json.ts";
import type { BuildPlan, Buildpack } from "./plan.ts";
import { readSiteRules, siteWarnings } from "./site-files.ts";
import type { SourceTree } from "./source-tree.ts";
import { siteImage, siteMeaning } from "./static.ts";
import { planMember, refuseUnchosen } from "./workspace-member.ts";

/** Where builders write that are no framework we know: Rollup, Parcel, webpack; hand-written scripts. */
const OUTPUT_DIRECTORIES = ["dist", "build", "out", "public", "_site"];

export const staticBuild: Buildpack = {
  id: "static-build",
  name: "static site with a build",
  looksFor: "package.json with a build script, and nothing to start",
  facts: {
    versions: "Node's, as above.",
    dependencies: "As for Node.",
    reuse: "As for Node.",
    start: "nginx; /index.html answers for what is not there in a single-page app, else 200.html or 404.html where the build wrote one.",
    image:
      "nginx and what the build wrote: the framework's own output directory, or the first of dist/, build/, out/, public/ and _site/; no Node.",
  },
  plan: (source) => (source.member === undefined ? planStaticBuild(source) : planMember(source, source.member, planStaticBuild)),
};

function planStaticBuild(source: SourceTree): BuildPlan | null {
  const text = source.texts.get("package.json");
  if (text === undefined) return null;
  const packageJson = parsePackageJson(text);
  const project = { source, packageJson };
  if (planProcesses(project) !== null) return null;
  const framework = detectFramework(project);
  const served = framework?.serve(project) ?? null;
  const site = served?.kind === "site" ? served : null;
  if (site === null && source.member === undefined) refuseUnchosen(source, packageJson);
  if (packageJson.scripts["build"] === undefined && site === null) return null;

  const rules = readSiteRules(source);
  const { outputs, missing } = site ?? { outputs: OUTPUT_DIRECTORIES, missing: "by-files" as const };
  const directories = rules.root === null ? outputs : [rules.root];
  const dependencies = planDependencies(source, packageJson, { build: true, image: false });
  const build = { ...buildStep(project, null), on: dependencies.forBuild, keeps: { kind: "site", candidates: directories } as const };
  return {
    buildpack: staticBuild.name,
    reason: site === null ? "package.json with a build script and nothing to start" : `package.json with ${framework?.name}`,
    meaning: `${framework?.name ?? "Build script"}: ${siteMeaning(directories.map((name) => `${name}/`).join(" or "), missing, rules)}`,
    buildRuntime: nodeBuildRuntime(source, packageJson),
    caches: nodeCaches(project, true),
    steps: [...dependencies.steps, build],
    imageSteps: ["build"],
    imageHasSource: false,
    ...siteImage("/app/site", missing, rules),
    warnings: [...dependencies.warnings, ...siteWarnings(source)],
  };
}
