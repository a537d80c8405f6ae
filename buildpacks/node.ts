/** Node.js: package.json, and something to start. */

import { directoryCache } from "./build-cache.ts";
import { BUILD_TOOLS } from "./debian.ts";
import type { Project } from "./framework.ts";
import { detectFramework } from "./frameworks.ts";
import { mayCompile } from "./node-addons.ts";
import { planDependencies } from "./node-dependencies.ts";
import { chooseManager } from "./node-manager.ts";
import { planProcesses } from "./node-processes.ts";
import { startWarnings } from "./node-start-warnings.ts";
import { requestNode, requestNpm } from "./node-version.ts";
import { type PackageJson, parsePackageJson } from "./package-json.ts";
import type { BuildPlan, Buildpack, CachePlan, RuntimeRequest, StepPlan } from "./plan.ts";
import type { SourceTree } from "./source-tree.ts";
import { planMember } from "./workspace-member.ts";

const PATH = "/app/node_modules/.bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";

export const node: Buildpack = {
  id: "node",
  name: "Node.js",
  looksFor: "package.json, and a start script, a framework with a server, a Procfile or server.js",
  facts: {
    versions:
      "Any release of 16 to 26, from `volta.node`, `engines.node`, `.nvmrc`, `.node-version` or `.tool-versions`; the current LTS where nothing says one.",
    dependencies:
      "npm, yarn 1 and later, or pnpm, by `packageManager` or the lockfile, which is never changed (`npm ci`, `--frozen-lockfile`, `--immutable`); workspaces. Compilers are there where the lockfile says that a package may need them.",
    reuse:
      "The package manager's cache is kept, and for the build what frameworks keep themselves (.next/cache, .angular/cache, node_modules/.cache). The dependency layer is made anew when package.json (without its scripts), the lockfile, .npmrc or patches change.",
    start:
      "The `start` script, run without npm where that changes nothing; else what the framework runs by (Next.js, Nuxt, React Router, Remix, SvelteKit with adapter-node, Astro with @astrojs/node, Angular SSR, NestJS); else server.js.",
    image: "Node, production dependencies, the repository and what `npm run build` wrote.",
  },
  plan: (source) => (source.member === undefined ? planNode(source) : planMember(source, source.member, planNode)),
};

function planNode(source: SourceTree): BuildPlan | null {
  const text = source.texts.get("package.json");
  if (text === undefined) return null;
  const packageJson = parsePackageJson(text);
  const project = { source, packageJson };
  const started = planProcesses(project);
  if (started === null) return null;

  const serving = started.framework?.serving ?? null;
  const build = buildCommand(project, serving !== null) === null ? null : buildStep(project, serving?.finish ?? null);
  // A Procfile may run what only the dependencies have.
  const image = serving === null || !serving.selfContained || source.texts.has("Procfile");
  const dependencies = planDependencies(source, packageJson, { build: build !== null, image });
  const builds = build === null ? [] : [{ ...build, on: dependencies.forBuild }];
  return {
    buildpack: node.name,
    reason: `package.json with ${started.from}`,
    ...(started.framework === null ? {} : { meaning: `${started.framework.name}: web is \`${serving?.command}\`` }),
    buildRuntime: nodeBuildRuntime(source, packageJson),
    imageRuntime: nodeRuntime(source, packageJson),
    caches: nodeCaches(project, build !== null),
    steps: [...dependencies.steps, ...builds, ...dependencies.afterBuild],
    testSteps: dependencies.forTest,
    imageSteps: [...dependencies.forImage, ...builds.map(({ name }) => name), ...dependencies.afterBuild.map(({ name }) => name)],
    imageHasSource: true,
    env: { PATH, NODE_ENV: "production", ...started.env },
    processes: started.processes,
    warnings: [...dependencies.warnings, ...startWarnings(project, started)],
  };
}

export function nodeRuntime(source: SourceTree, packageJson: PackageJson): readonly RuntimeRequest[] {
  const { tool } = chooseManager(source, packageJson);
  return [{ kind: "node", node: requestNode(source, packageJson), npm: requestNpm(packageJson) }, ...(tool === null ? [] : [tool])];
}

/** Compilers only where a package may need them: their layer takes its time to make, and its place on the disk. */
export function nodeBuildRuntime(source: SourceTree, packageJson: PackageJson): readonly RuntimeRequest[] {
  const runtime = nodeRuntime(source, packageJson);
  if (!mayCompile(source, packageJson)) return runtime;
  return [BUILD_TOOLS, ...runtime.map((request) => (request.kind === "node" ? ({ ...request, headers: true } as const) : request))];
}

export function nodeCaches(project: Project, builds: boolean): readonly CachePlan[] {
  const { cache } = chooseManager(project.source, project.packageJson);
  const directories = builds ? [...new Set([TOOLS_CACHE, ...(detectFramework(project)?.caches ?? [])])] : [];
  return [cache, ...directories.map(directoryCache)];
}

/** Where tools of builds keep what they can use again: babel-loader, terser, eslint, turbo. */
const TOOLS_CACHE = "node_modules/.cache";

/** The build script; without one, the build of a framework whose result is served. */
export function buildCommand(project: Project, served: boolean): string | null {
  if (project.packageJson.scripts["build"] !== undefined) return chooseManager(project.source, project.packageJson).build;
  return served ? (detectFramework(project)?.build ?? null) : null;
}

/** `npm run build` on the whole tree; what it writes is the layer. */
export function buildStep(project: Project, finish: string | null): StepPlan {
  const { env } = chooseManager(project.source, project.packageJson);
  const build = buildCommand(project, true) ?? "";
  return {
    name: "build",
    kind: "build",
    title: build,
    sees: "tree",
    on: [],
    command: finish === null ? build : `${build} && ${finish}`,
    env: { NODE_ENV: "production", ...detectFramework(project)?.buildEnv, ...env },
    keeps: { kind: "all", except: [TOOLS_CACHE] },
  };
}
