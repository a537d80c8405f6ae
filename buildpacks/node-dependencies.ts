/** The steps that install a Node project's dependencies: what each may see, where its layer stands, what it keeps. */
import { chooseManager, hasWorkspaces, type NodeManager } from "./node-manager.ts";
import type { PackageJson } from "./package-json.ts";
import type { SeenPath, StepPlan } from "./plan.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";

/** Root scripts that `npm ci` runs by itself. */
const LIFECYCLE_SCRIPTS = ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"];

/** What only a developer's clone needs, and what fails where dev dependencies are left out: git hooks. */
const HUSKY = /^(?:is-ci \|\| )?husky(?: install(?: [\w./-]+)?)?(?: \|\| (?:true|exit 0|:))?$/;

/** Types for an editor; the framework's own build writes them again. */
const TYPES_ONLY =
  /^(?:nux[ti] prepare|svelte-kit sync|react-router typegen|astro sync|next typegen)(?: \|\| (?:true|exit 0|:|echo (?:''|""|\\"\\")))?$/;

export interface DependencySteps {
  readonly steps: readonly StepPlan[];
  /** The steps that a build step stands on. */
  readonly forBuild: readonly StepPlan["name"][];
  /** The steps whose layers belong into the image. */
  readonly forImage: readonly StepPlan["name"][];
  /** To run after the build: takes out what only the build needed. */
  readonly afterBuild: readonly StepPlan[];
  /** With dev dependencies, where no build needs them anyway. */
  readonly forTest: readonly StepPlan[];
  readonly warnings: readonly string[];
}

export function planDependencies(source: SourceTree, packageJson: PackageJson, needs: { build: boolean; image: boolean }): DependencySteps {
  const manager = chooseManager(source, packageJson);
  if (!hasDependencies(source, packageJson, manager))
    return { steps: [], forBuild: [], forImage: [], afterBuild: [], forTest: [], warnings: [] };
  const reason = whyWholeTree(source, packageJson);
  return reason === null ? isolated(source, packageJson, needs, manager) : wholeTree(packageJson, needs, reason, manager);
}

/** The steps see the manifest and the lockfile, nothing else: a code-only push cannot touch them. */
function isolated(
  source: SourceTree,
  packageJson: PackageJson,
  needs: { build: boolean; image: boolean },
  manager: NodeManager,
): DependencySteps {
  const sees: readonly SeenPath[] = ["package.json", ...manager.inputs]
    .filter((path) => source.entries.has(path))
    .map((path) => (path === "package.json" ? { path, withoutScripts: true } : { path }));
  const step = (name: "build-dependencies" | "dependencies", title: string, command: string): StepPlan => ({
    name,
    kind: "dependencies",
    title,
    sees,
    on: [],
    command,
    env: manager.env,
    keeps: { kind: "only", path: "node_modules" },
  });
  const forProduction = step("dependencies", "dependencies", manager.installProduction);
  const oneForBoth = Object.keys(packageJson.devDependencies).length === 0;
  const forBuild = oneForBoth ? forProduction : step("build-dependencies", "dependencies for the build", manager.installAll);
  const steps = [...(needs.build ? [forBuild] : []), ...(needs.image && !(needs.build && oneForBoth) ? [forProduction] : [])];
  return {
    steps,
    forBuild: needs.build ? [forBuild.name] : [],
    forImage: needs.image ? ["dependencies"] : [],
    afterBuild: [],
    forTest: needs.build || oneForBoth ? [] : [forBuild],
    warnings: lockWarnings(manager),
  };
}

/** Root scripts or packages in the tree itself: everything is installed on the whole tree, then dev dependencies are taken out again. */
function wholeTree(
  packageJson: PackageJson,
  needs: { build: boolean; image: boolean },
  reason: string,
  manager: NodeManager,
): DependencySteps {
  const install_: StepPlan = {
    name: "dependencies",
    kind: "dependencies",
    title: "dependencies",
    sees: "tree",
    on: [],
    command: manager.installAll,
    env: manager.env,
    keeps: { kind: "all", except: ["node_modules/.cache"] },
  };
  const prune: StepPlan = {
    name: "prune",
    kind: "dependencies",
    title: "dev dependencies taken out",
    sees: "tree",
    on: needs.build ? ["dependencies", "build"] : ["dependencies"],
    command: manager.prune,
    env: manager.env,
    keeps: { kind: "all", except: ["node_modules/.cache"] },
  };
  const pruned = needs.image && Object.keys(packageJson.devDependencies).length > 0;
  return {
    steps: [install_],
    forBuild: ["dependencies"],
    forImage: ["dependencies"],
    afterBuild: pruned ? [prune] : [],
    forTest: [],
    warnings: [`Dependencies are installed again with every change of any file: ${reason}`, ...lockWarnings(manager)],
  };
}

function lockWarnings({ name, lockfile }: NodeManager): readonly string[] {
  if (lockfile !== null) return [];
  const file = { npm: "package-lock.json", yarn: "yarn.lock", pnpm: "pnpm-lock.yaml" }[name];
  return [
    `There is no ${file}: ${name} chooses the versions itself, and may choose others tomorrow. Run \`${name} install\` and commit the file.`,
  ];
}

function hasDependencies(source: SourceTree, packageJson: PackageJson, { lockfile }: NodeManager): boolean {
  const named = { ...packageJson.dependencies, ...packageJson.devDependencies, ...packageJson.optionalDependencies };
  return Object.keys(named).length > 0 || lockfile !== null || hasWorkspaces(source, packageJson);
}

function whyWholeTree(source: SourceTree, packageJson: PackageJson): string | null {
  const script = LIFECYCLE_SCRIPTS.find((name) => {
    const text = packageJson.scripts[name]?.trim();
    return text !== undefined && !TYPES_ONLY.test(text) && !(name === "prepare" && HUSKY.test(text));
  });
  if (script !== undefined) return `package.json has a ${script} script, which may read any file`;
  if (hasWorkspaces(source, packageJson)) return "it has workspaces";
  if (hasFile(source, "binding.gyp")) return "binding.gyp makes npm compile the package itself";
  const all = { ...packageJson.dependencies, ...packageJson.devDependencies, ...packageJson.optionalDependencies };
  const local = Object.entries(all).find(([, version]) => /^(?:file:|link:|\.{0,2}\/|~\/)/.test(version));
  return local === undefined ? null : `${local[0]} is a package inside this repository (${local[1]})`;
}
