/**
 * An app that is one package of a JavaScript workspace (`build.root` names it): installed at the repository's root, where the lockfile
 * is, built and started in its own directory. Pure.
 */
import { PushboatError, quote } from "../core/index.ts";
import { detectFramework } from "./frameworks.ts";
import { type PackageJson, parsePackageJson } from "./package-json.ts";
import type { BuildPlan, CachePlan, StepPlan } from "./plan.ts";
import { hasFile, LOCK_FILES, READ_FILES, type SourceEntry, type SourceTree } from "./source-tree.ts";

const LOCKS = LOCK_FILES.filter((name) => /^(?:package-lock|npm-shrinkwrap|yarn|pnpm-lock)/.test(name));

/** Whether a directory is a package of the workspace at the root, and has neither a lockfile nor a Dockerfile that make it an app of its own. */
export function isWorkspaceMember(source: SourceTree, directory: string): boolean {
  const text = source.texts.get("package.json");
  if (text === undefined || !hasFile(source, `${directory}/package.json`)) return false;
  if ([...LOCKS, "Dockerfile"].some((name) => hasFile(source, `${directory}/${name}`))) return false;
  return hasFile(source, "pnpm-workspace.yaml") || parsePackageJson(text).hasWorkspaces;
}

export function planMember(source: SourceTree, member: string, plan: (source: SourceTree) => BuildPlan | null): BuildPlan | null {
  const planned = plan(memberView(source, member));
  return planned === null ? null : inDirectory(planned, { source, member });
}

/** The member as if it were an app by itself, with what it has of the root: lockfile, package manager, versions. */
function memberView(source: SourceTree, member: string): SourceTree {
  const prefix = `${member}/`;
  const own = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
    [...map].flatMap(([path, value]): [string, T][] => (path.startsWith(prefix) ? [[path.slice(prefix.length), value]] : []));
  const shared = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
    [...map].filter(([path]) => !path.includes("/") && SHARED_FILES.has(path));
  const entries = new Map<string, SourceEntry>([...shared(source.entries), ...own(source.entries)]);
  const texts = new Map([...shared(source.texts), ...own(source.texts)]);
  texts.set("package.json", mergedManifest(source.texts.get("package.json") ?? "{}", source.texts.get(`${prefix}package.json`) ?? "{}"));
  return { id: source.id, entries, texts };
}

const CONFIGURATION = /(?:\.config\.|^angular\.json$|^static\.json$|^_)/;
const SHARED_FILES = new Set([...LOCKS, ...READ_FILES.filter((name) => !name.includes("/") && !CONFIGURATION.test(name))]);

/** Development dependencies of both: the root has the tools, turbo and typescript say. */
function mergedManifest(root: string, own: string): string {
  parsePackageJson(root);
  parsePackageJson(own);
  const above = JSON.parse(root) as Record<string, object | undefined>;
  const fields = JSON.parse(own) as Record<string, object | undefined>;
  return JSON.stringify({
    ...fields,
    packageManager: above["packageManager"] ?? fields["packageManager"],
    engines: { ...above["engines"], ...fields["engines"] },
    volta: fields["volta"] ?? above["volta"],
    devDependencies: { ...above["devDependencies"], ...fields["devDependencies"] },
    workspaces: above["workspaces"] ?? ["."],
  });
}

interface Member {
  readonly source: SourceTree;
  readonly member: string;
}

function inDirectory(plan: BuildPlan, of: Member): BuildPlan {
  const { member } = of;
  const bin = `/app/${member}/node_modules/.bin`;
  const withPath = (path: string | undefined): string => (path === undefined ? bin : `${bin}:${path}`);
  const step = (each: StepPlan): StepPlan => (each.name === "build" ? memberBuild(each, of) : each);
  const cache = (each: CachePlan): CachePlan => (each.directory.startsWith("/") ? each : memberCache(each, member));
  const processes = Object.entries(plan.processes).map(([type, process]) => [
    type,
    process.form === "shell" ? { ...process, command: [`cd ${member} && ${process.command[0]}`] } : process,
  ]);
  return {
    ...plan,
    reason: `${plan.reason}, in ${member} of the workspace`,
    steps: plan.steps.map(step),
    caches: [...plan.caches.map(cache), ...(usesTurbo(of.source) ? [TURBO_CACHE] : [])],
    env: { ...plan.env, PATH: withPath(plan.env["PATH"]) },
    processes: Object.fromEntries(processes) as BuildPlan["processes"],
  };
}

function memberCache(cache: CachePlan, member: string): CachePlan {
  const directory = `${member}/${cache.directory}`;
  return { ...cache, name: `app-${encodeURIComponent(directory)}`, directory, steps: ["build"] };
}

const TURBO_CACHE: CachePlan = { name: "app-.turbo%2Fcache", directory: ".turbo/cache", env: {}, steps: ["build"] };

/** What it depends on in the workspace is built before it, where the tool can do that. */
function memberBuild(step: StepPlan, { source, member }: Member): StepPlan {
  const own = parsePackageJson(source.texts.get(`${member}/package.json`) ?? "{}");
  const { keeps, command } = step;
  const scripted = own.scripts["build"] !== undefined;
  return {
    ...step,
    command: scripted ? buildByTool(command, { source, member, name: own.name }) : `cd ${member} && ${command}`,
    env: { ...step.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
    keeps: keeps.kind === "site" ? { kind: "site", candidates: keeps.candidates.map((name) => `${member}/${name}`) } : keeps,
  };
}

function buildByTool(command: string, { source, member, name }: Member & { readonly name: string | null }): string {
  const [, runner = "", more = ""] = /^(npm|yarn|pnpm) run build(.*)$/s.exec(command) ?? [];
  if (runner === "" || name === null) return `cd ${member} && ${command}`;
  if (!/^[@\w./-]+$/.test(name)) {
    throw new PushboatError({
      code: "build/package-json",
      message: `${member}/package.json: name: ${quote(name)} is not the name of a package`,
      hint: "Names are like web or @shop/web.",
    });
  }
  // What a framework wants done after its build is about the member's own directory.
  const finish = more === "" ? "" : ` && cd ${member}${more}`;
  if (usesTurbo(source)) return `turbo run build --filter=${name}${finish}`;
  return (
    { npm: `npm run build --workspace=${name}`, yarn: `yarn workspace ${name} run build`, pnpm: `pnpm --filter=${name}... run build` }[
      runner
    ] + finish
  );
}

function usesTurbo(source: SourceTree): boolean {
  const root = parsePackageJson(source.texts.get("package.json") ?? "{}");
  return hasFile(source, "turbo.json") && { ...root.dependencies, ...root.devDependencies }["turbo"] !== undefined;
}

/** Scripts that build every package, and are no app's. */
const BUILDS_ALL = /\b(?:turbo|nx|lerna|wireit)\b|--workspaces|--recursive| -r |\bforeach\b/;

/** A workspace's root that starts nothing: one of its packages is meant. Throws PushboatError that names those that look like apps. */
export function refuseUnchosen(source: SourceTree, { scripts, hasWorkspaces }: PackageJson): void {
  if (!hasWorkspaces && !hasFile(source, "pnpm-workspace.yaml")) return;
  if (scripts["build"] !== undefined && !BUILDS_ALL.test(scripts["build"])) return;
  const apps = [...source.texts.keys()].filter((path) => path.endsWith("/package.json") && looksLikeApp(source, path));
  const directories = apps.map((path) => path.slice(0, -"/package.json".length)).sort();
  if (directories[0] === undefined) return;
  throw new PushboatError({
    code: "build/workspace",
    message: `The package.json at the root is a workspace's and starts nothing; apps are ${directories.slice(0, APPS_SHOWN).join(", ")}`,
    hint: `Name the one to deploy in pushboat.yml:\n  build: {root: ${directories[0]}}\nEach of the others can be an app of its own, pushed from the same repository.`,
  });
}

const APPS_SHOWN = 8;

function looksLikeApp(source: SourceTree, path: string): boolean {
  const packageJson = parsePackageJson(source.texts.get(path) ?? "{}");
  return packageJson.scripts["start"] !== undefined || detectFramework({ source, packageJson }) !== null;
}
