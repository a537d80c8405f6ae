/** The steps that install npm dependencies: what each may see, where its layer stands, what it keeps. */
import type { PackageJson } from "./package-json.ts";
import type { SeenPath, StepPlan } from "./plan.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";

/** Root scripts that `npm ci` runs by itself. */
const LIFECYCLE_SCRIPTS = ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"];

/** Git hooks for a developer's clone: nothing a server needs, and it fails where dev dependencies are left out. */
const HUSKY = /^(?:is-ci \|\| )?husky(?: install(?: [\w./-]+)?)?(?: \|\| (?:true|exit 0|:))?$/;

const INSTALL_INPUTS = ["package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc", "patches"];

export interface DependencySteps {
  readonly steps: readonly StepPlan[];
  /** The steps that a build step stands on. */
  readonly forBuild: readonly StepPlan["name"][];
  /** The steps whose layers belong into the image. */
  readonly forImage: readonly StepPlan["name"][];
  /** To run after the build: takes out what only the build needed. */
  readonly afterBuild: readonly StepPlan[];
  readonly warnings: readonly string[];
}

export function planDependencies(source: SourceTree, packageJson: PackageJson, needs: { build: boolean; image: boolean }): DependencySteps {
  if (!hasDependencies(source, packageJson)) return { steps: [], forBuild: [], forImage: [], afterBuild: [], warnings: [] };
  const reason = whyWholeTree(source, packageJson);
  return reason === null ? isolated(source, packageJson, needs) : wholeTree(source, packageJson, needs, reason);
}

/** The steps see the manifest and the lockfile, nothing else: a code-only push cannot touch them. */
function isolated(source: SourceTree, packageJson: PackageJson, needs: { build: boolean; image: boolean }): DependencySteps {
  const sees: readonly SeenPath[] = INSTALL_INPUTS.filter((path) => source.entries.has(path)).map((path) =>
    path === "package.json" ? { path, withoutScripts: true } : { path },
  );
  const step = (name: "build-dependencies" | "dependencies", title: string, flag: string): StepPlan => ({
    name,
    kind: "dependencies",
    title,
    sees,
    on: [],
    command: `${install(source)} ${flag}`,
    env: {},
    keeps: { kind: "only", path: "node_modules" },
  });
  const forProduction = step("dependencies", "dependencies", "--omit=dev");
  const oneForBoth = Object.keys(packageJson.devDependencies).length === 0;
  const forBuild = oneForBoth ? forProduction : step("build-dependencies", "dependencies for the build", "--include=dev");
  const steps = [...(needs.build ? [forBuild] : []), ...(needs.image && !(needs.build && oneForBoth) ? [forProduction] : [])];
  return {
    steps,
    forBuild: needs.build ? [forBuild.name] : [],
    forImage: needs.image ? ["dependencies"] : [],
    afterBuild: [],
    warnings: lockWarnings(source),
  };
}

/** Root scripts or packages in the tree itself: everything is installed on the whole tree, then dev dependencies are taken out again. */
function wholeTree(
  source: SourceTree,
  packageJson: PackageJson,
  needs: { build: boolean; image: boolean },
  reason: string,
): DependencySteps {
  const install_: StepPlan = {
    name: "dependencies",
    kind: "dependencies",
    title: "dependencies",
    sees: "tree",
    on: [],
    command: `${install(source)} --include=dev`,
    env: {},
    keeps: { kind: "all", except: ["node_modules/.cache"] },
  };
  const prune: StepPlan = {
    name: "prune",
    kind: "dependencies",
    title: "dev dependencies taken out",
    sees: "tree",
    on: needs.build ? ["dependencies", "build"] : ["dependencies"],
    command: "npm prune --omit=dev",
    env: {},
    keeps: { kind: "all", except: ["node_modules/.cache"] },
  };
  const pruned = needs.image && Object.keys(packageJson.devDependencies).length > 0;
  return {
    steps: [install_],
    forBuild: ["dependencies"],
    forImage: ["dependencies"],
    afterBuild: pruned ? [prune] : [],
    warnings: [`Dependencies are installed again with every change of any file: ${reason}`, ...lockWarnings(source)],
  };
}

function install(source: SourceTree): string {
  return hasLock(source) ? "npm ci" : "npm install --no-save";
}

function hasLock(source: SourceTree): boolean {
  return hasFile(source, "package-lock.json") || hasFile(source, "npm-shrinkwrap.json");
}

function lockWarnings(source: SourceTree): readonly string[] {
  if (hasLock(source)) return [];
  const other = ["yarn.lock", "pnpm-lock.yaml", "bun.lock"].find((name) => hasFile(source, name));
  if (other !== undefined) {
    return [`${other} is not read yet: npm chooses the versions itself, and may choose others tomorrow. Commit a package-lock.json.`];
  }
  return [
    "There is no package-lock.json: npm chooses the versions itself, and may choose others tomorrow. Run `npm install` and commit the file.",
  ];
}

function hasDependencies(source: SourceTree, packageJson: PackageJson): boolean {
  const named = { ...packageJson.dependencies, ...packageJson.devDependencies, ...packageJson.optionalDependencies };
  return Object.keys(named).length > 0 || hasLock(source) || packageJson.hasWorkspaces;
}

function whyWholeTree(source: SourceTree, packageJson: PackageJson): string | null {
  const script = LIFECYCLE_SCRIPTS.find(
    (name) => packageJson.scripts[name] !== undefined && !(name === "prepare" && HUSKY.test(packageJson.scripts[name])),
  );
  if (script !== undefined) return `package.json has a ${script} script, which may read any file`;
  if (packageJson.hasWorkspaces) return "package.json has workspaces";
  if (hasFile(source, "binding.gyp")) return "binding.gyp makes npm compile the package itself";
  const all = { ...packageJson.dependencies, ...packageJson.devDependencies, ...packageJson.optionalDependencies };
  const local = Object.entries(all).find(([, version]) => /^(?:file:|link:|\.{0,2}\/|~\/)/.test(version));
  return local === undefined ? null : `${local[0]} is a package inside this repository (${local[1]})`;
}
