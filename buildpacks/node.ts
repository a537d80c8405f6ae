/** Node.js: package.json, and something to start. */
import { BUILD_TOOLS } from "./debian.ts";
import { mayCompile } from "./node-addons.ts";
import { planDependencies } from "./node-dependencies.ts";
import { chooseManager } from "./node-manager.ts";
import { planProcesses } from "./node-processes.ts";
import { requestNode, requestNpm } from "./node-version.ts";
import { type PackageJson, parsePackageJson } from "./package-json.ts";
import type { BuildPlan, Buildpack, CachePlan, RuntimeRequest, StepPlan } from "./plan.ts";
import type { SourceTree } from "./source-tree.ts";

const PATH = "/app/node_modules/.bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";

export const node: Buildpack = {
  id: "node",
  name: "Node.js",
  looksFor: "package.json, and a start script, a Procfile or server.js",
  facts: {
    versions: "Any release of 16 to 26, from `engines.node`, `.nvmrc` or `.node-version`; the current LTS where nothing says one.",
    dependencies:
      "npm, yarn 1 and later, or pnpm, by `packageManager` or the lockfile, which is never changed (`npm ci`, `--frozen-lockfile`, `--immutable`); workspaces. Compilers are there where the lockfile says that a package may need them.",
    reuse:
      "The package manager's cache is kept. The dependency layer is made anew when package.json (without its scripts), the lockfile, .npmrc or patches change.",
    start: "The `start` script, run without npm where that changes nothing; else server.js.",
    image: "Node, production dependencies, the repository and what `npm run build` wrote.",
  },
  plan: planNode,
};

function planNode(source: SourceTree): BuildPlan | null {
  const text = source.texts.get("package.json");
  if (text === undefined) return null;
  const packageJson = parsePackageJson(text);
  const started = planProcesses(source, packageJson);
  if (started === null) return null;

  const build = packageJson.scripts["build"] === undefined ? null : buildStep(source, packageJson);
  const dependencies = planDependencies(source, packageJson, { build: build !== null, image: true });
  const builds = build === null ? [] : [{ ...build, on: dependencies.forBuild }];
  return {
    buildpack: node.name,
    reason: `package.json with ${started.from}`,
    buildRuntime: nodeBuildRuntime(source, packageJson),
    imageRuntime: nodeRuntime(source, packageJson),
    caches: nodeCaches(source, packageJson),
    steps: [...dependencies.steps, ...builds, ...dependencies.afterBuild],
    testSteps: dependencies.forTest,
    imageSteps: [...dependencies.forImage, ...builds.map(({ name }) => name), ...dependencies.afterBuild.map(({ name }) => name)],
    imageHasSource: true,
    env: { PATH, NODE_ENV: "production", ...started.env },
    processes: started.processes,
    warnings: dependencies.warnings,
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

export function nodeCaches(source: SourceTree, packageJson: PackageJson): readonly CachePlan[] {
  return [chooseManager(source, packageJson).cache];
}

/** `npm run build` on the whole tree; what it writes is the layer. */
export function buildStep(source: SourceTree, packageJson: PackageJson): StepPlan {
  const { build, env } = chooseManager(source, packageJson);
  return {
    name: "build",
    kind: "build",
    title: build,
    sees: "tree",
    on: [],
    command: build,
    env: { NODE_ENV: "production", ...env },
    keeps: { kind: "all", except: ["node_modules/.cache"] },
  };
}
