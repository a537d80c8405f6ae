/** npm, yarn (1 and later) and pnpm: which one a project uses, and what it is called with. Lockfiles are never changed. */
import { PushboatError, quote } from "../core/index.ts";
import type { PackageJson } from "./package-json.ts";
import type { CachePlan, NpmToolRequest, VersionRequest } from "./plan.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";

export interface NodeManager {
  readonly name: "npm" | "yarn" | "pnpm";
  /** null: the versions are not locked. */
  readonly lockfile: string | null;
  /** null: npm comes with Node. */
  readonly tool: NpmToolRequest | null;
  /** What an install reads beside package.json. */
  readonly inputs: readonly string[];
  readonly installAll: string;
  readonly installProduction: string;
  /** Takes dev dependencies out of what installAll made. */
  readonly prune: string;
  readonly build: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cache: CachePlan;
}

type Kind = "npm" | "yarn1" | "yarn" | "pnpm";

/** `packageManager` says it; otherwise the lockfile that is there. package-lock.json first: who keeps two lets npm install. */
export function chooseManager(source: SourceTree, packageJson: PackageJson): NodeManager {
  refuseOthers(source, packageJson);
  const [, named, version] = /^(npm|yarn|pnpm)@(\d[^+\s]*)/.exec(packageJson.packageManager ?? "") ?? [];
  const wish = version === undefined ? null : { range: version, from: "packageManager in package.json" };
  if (named === "pnpm") return pnpm(source, wish);
  if (named === "yarn") return version?.startsWith("1.") ? yarn1(source, wish) : yarn(source, wish);
  if (named === "npm" || npmLock(source) !== null) return npm(source);
  return MANAGERS[kindOfLock(source)](source, null);
}

const BUN_LOCKS = ["bun.lock", "bun.lockb"];
const OUR_LOCKS = ["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"];

/** npm would take other versions than a lockfile that it cannot read. */
function refuseOthers(source: SourceTree, { packageManager }: PackageJson): void {
  const named = /^([\w-]+)@/.exec(packageManager ?? "")?.[1];
  const other = named !== undefined && !["npm", "yarn", "pnpm"].includes(named) ? named : null;
  const lock = OUR_LOCKS.some((name) => hasFile(source, name)) ? undefined : BUN_LOCKS.find((name) => hasFile(source, name));
  if (other === null && (named !== undefined || lock === undefined)) return;
  throw new PushboatError({
    code: "build/package-manager",
    message:
      other === null
        ? `${lock} is bun's, and bun is not run here`
        : `packageManager in package.json names ${quote(other)}, which is not run here`,
    hint: "npm, yarn and pnpm are: commit the lockfile of one of them (`npm install` writes package-lock.json) and let packageManager name none or that one; or write a Dockerfile.",
  });
}

function kindOfLock(source: SourceTree): Kind {
  if (hasFile(source, "pnpm-lock.yaml")) return "pnpm";
  if (!hasFile(source, "yarn.lock")) return "npm";
  return /^__metadata:/m.test(source.texts.get("yarn.lock") ?? "") ? "yarn" : "yarn1";
}

const MANAGERS: Readonly<Record<Kind, (source: SourceTree, wish: VersionRequest | null) => NodeManager>> = { npm, yarn1, yarn, pnpm };

function npm(source: SourceTree): NodeManager {
  const lockfile = npmLock(source);
  const install = lockfile === null ? "npm install --no-save" : "npm ci";
  return {
    name: "npm",
    lockfile,
    tool: null,
    inputs: ["package-lock.json", "npm-shrinkwrap.json", ".npmrc", "patches"],
    installAll: `${install} --include=dev`,
    installProduction: `${install} --omit=dev`,
    prune: "npm prune --omit=dev",
    build: "npm run build",
    env: {},
    cache: { name: "npm", directory: "/var/cache/npm", env: { npm_config_cache: "/var/cache/npm" } },
  };
}

function npmLock(source: SourceTree): string | null {
  return ["package-lock.json", "npm-shrinkwrap.json"].find((name) => hasFile(source, name)) ?? null;
}

function yarn1(source: SourceTree, wish: VersionRequest | null): NodeManager {
  const install = hasFile(source, "yarn.lock") ? "yarn install --frozen-lockfile" : "yarn install --no-lockfile";
  return {
    name: "yarn",
    lockfile: hasFile(source, "yarn.lock") ? "yarn.lock" : null,
    tool: { kind: "npm-tool", package: "yarn", version: wish ?? { range: "1", from: "the format of yarn.lock" } },
    inputs: ["yarn.lock", ".npmrc", ".yarnrc", "patches"],
    installAll: `${install} --non-interactive --production=false`,
    installProduction: `${install} --non-interactive --production=true`,
    prune: `${install} --non-interactive --production=true --ignore-scripts --prefer-offline`,
    build: "yarn run build",
    env: {},
    cache: { name: "yarn1", directory: "/var/cache/yarn", env: { YARN_CACHE_FOLDER: "/var/cache/yarn" } },
  };
}

/** Its own releases in .yarn/releases are not run: the same version comes from the registry. Plug'n'Play is not used: node_modules is a layer. */
function yarn(source: SourceTree, wish: VersionRequest | null): NodeManager {
  const format = Number(/^__metadata:\s+version: (\d+)/m.exec(source.texts.get("yarn.lock") ?? "")?.[1] ?? 8);
  const locked = hasFile(source, "yarn.lock");
  // `focus` takes what the lockfile lacks from the registry without a word: this looks first, and builds nothing.
  const check = locked ? "yarn install --immutable --mode=skip-build && " : "";
  const fromLock = { range: format < 8 ? "3" : "4", from: "the format of yarn.lock" };
  return {
    name: "yarn",
    lockfile: locked ? "yarn.lock" : null,
    tool: { kind: "npm-tool", package: "@yarnpkg/cli-dist", version: wish ?? fromLock },
    inputs: ["yarn.lock", ".yarnrc.yml", ".yarn", ".npmrc", "patches"],
    installAll: `yarn install ${locked ? "--immutable" : "--no-immutable"}`,
    installProduction: `${check}yarn workspaces focus --production --all`,
    prune: "yarn workspaces focus --production --all",
    build: "yarn run build",
    env: { YARN_NODE_LINKER: "node-modules", YARN_IGNORE_PATH: "1", YARN_ENABLE_TELEMETRY: "0", YARN_ENABLE_GLOBAL_CACHE: "true" },
    cache: { name: "yarn", directory: "/var/cache/yarn", env: { YARN_GLOBAL_FOLDER: "/var/cache/yarn" } },
  };
}

/** Lockfile format -> the pnpm that writes it. */
const PNPM_OF_LOCK: Readonly<Record<string, string>> = { "5.3": "6", "5.4": "7", "6.0": "8", "6.1": "8", "9.0": "10" };

function pnpm(source: SourceTree, wish: VersionRequest | null): NodeManager {
  const locked = hasFile(source, "pnpm-lock.yaml");
  const format = /^lockfileVersion:\s*["']?([\d.]+)/m.exec(source.texts.get("pnpm-lock.yaml") ?? "")?.[1] ?? "9.0";
  const install = `pnpm install --store-dir /var/cache/pnpm ${locked ? "--frozen-lockfile" : "--no-lockfile"}`;
  return {
    name: "pnpm",
    lockfile: locked ? "pnpm-lock.yaml" : null,
    tool: {
      kind: "npm-tool",
      package: "pnpm",
      version: wish ?? { range: PNPM_OF_LOCK[format] ?? "10", from: "the format of pnpm-lock.yaml" },
    },
    inputs: ["pnpm-lock.yaml", "pnpm-workspace.yaml", ".npmrc", ".pnpmfile.cjs", "patches"],
    installAll: `${install} --prod=false`,
    installProduction: `${install} --prod`,
    prune: `${install} --prod --ignore-scripts --prefer-offline`,
    build: "pnpm run build",
    // Its own version switching would fetch what is here already.
    env: { npm_config_manage_package_manager_versions: "false", COREPACK_ENABLE_STRICT: "0" },
    cache: { name: "pnpm", directory: "/var/cache/pnpm", env: {} },
  };
}

export function hasWorkspaces(source: SourceTree, packageJson: PackageJson): boolean {
  return packageJson.hasWorkspaces || /^packages:/m.test(source.texts.get("pnpm-workspace.yaml") ?? "");
}
