/** A plan with everything it stands on: exact versions, and for each layer its identity and what made it. Pure, so that a forecast says what a build would do. */
import { type BuildPlan, MANIFESTS, type RuntimeRequest, type SourceTree, type StepPlan, withoutScripts } from "../buildpacks/index.ts";
import type { LayerId } from "../core/index.ts";
import { appLayerId } from "./app-layer.ts";
import { canonicalJson, layerId, sha256 } from "./identity.ts";
import { type KnownVersions, type Language, resolveLanguage, runtimeInputs } from "./language.ts";

/** Where it changed, nothing else is comparable. */
const BUILDPACK = "the buildpack";

export interface ResolvedStep {
  readonly plan: StepPlan;
  readonly id: LayerId;
  /** Name for a reader -> identity: `package-lock.json`, `Node`, `the source`. */
  readonly inputs: Readonly<Record<string, string>>;
}

export interface ResolvedBuild {
  readonly plan: BuildPlan;
  readonly base: LayerId;
  /** Lowest first. */
  readonly imageLanguages: readonly Language[];
  /** What the steps run on, lowest first. */
  readonly buildLanguages: readonly Language[];
  readonly app: LayerId;
  readonly steps: readonly ResolvedStep[];
}

export interface Surroundings {
  readonly versions: KnownVersions;
  readonly base: LayerId;
  readonly architecture: string;
  /** Of the environment's last no-cache push; empty where there was none. */
  readonly salt: string;
  /** Config of the environment: only what a step asks for counts. */
  readonly config: Readonly<Record<string, string>>;
}

export function resolveBuild(plan: BuildPlan, source: SourceTree, around: Surroundings): ResolvedBuild {
  const language = (request: RuntimeRequest): Language => resolveLanguage(request, around.versions, around.base, around.architecture);
  const buildLanguages = plan.buildRuntime.map(language);
  const steps: ResolvedStep[] = [];
  for (const step of [...plan.steps, ...(plan.testSteps ?? [])])
    steps.push(resolveStep({ plan: step, buildpack: plan.buildpack, source, around, languages: buildLanguages, earlier: steps }));
  return {
    plan,
    base: around.base,
    imageLanguages: plan.imageRuntime.map(language),
    buildLanguages,
    app: appLayerId(source.id, around.salt),
    steps,
  };
}

interface StepToResolve {
  readonly plan: StepPlan;
  readonly buildpack: string;
  readonly source: SourceTree;
  readonly around: Surroundings;
  readonly languages: readonly Language[];
  readonly earlier: readonly ResolvedStep[];
}

function resolveStep({ plan, buildpack, source, around, languages, earlier }: StepToResolve): ResolvedStep {
  const below = earlier.filter((step) => plan.on.includes(step.plan.name)).map((step) => [step.plan.title, step.id]);
  const { command, env, keeps } = plan;
  const inputs = {
    ...seenInputs(plan, source),
    ...Object.fromEntries(below),
    ...runtimeInputs(languages),
    ...configInputs(plan, around.config),
    [BUILDPACK]: buildpack,
    "the base image": around.base,
    "the command": sha256(command),
    "its environment": sha256(canonicalJson(env)),
    "what is kept of it": sha256(canonicalJson(keeps)),
    ...(around.salt === "" ? {} : { "a push with no-cache": around.salt }),
  };
  const prefix = plan.kind === "build" ? "build" : "deps";
  return { plan, id: layerId(prefix, { step: plan.name, inputs }), inputs };
}

/** Hashed: inputs are stored in the clear. */
function configInputs({ configKeys = [] }: StepPlan, config: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(configKeys.map((key) => [`the config ${key}`, config[key] === undefined ? "not set" : sha256(config[key])]));
}

/** What a step that sees the whole tree is keyed by, and the files in it that a reader wants to hear of by name. */
function seenInputs(plan: StepPlan, source: SourceTree): Readonly<Record<string, string>> {
  if (plan.sees === "tree") {
    const named = MANIFESTS.flatMap((path) => {
      const entry = source.entries.get(path);
      return entry?.type === "file" ? [[path, entry.id]] : [];
    });
    return { "the source": source.id, ...Object.fromEntries(named) };
  }
  return Object.fromEntries(
    plan.sees.map(({ path, withoutScripts: reduced }) => [
      path,
      reduced ? sha256(seenPackageJson(source)) : (source.entries.get(path)?.id ?? ""),
    ]),
  );
}

/** package.json as a dependency step gets it. */
export function seenPackageJson(source: SourceTree): string {
  return withoutScripts(source.texts.get("package.json") ?? "{}");
}

/** Steps whose layers lie below the app layer, and those that saw it and lie above. */
export function liesAboveApp(step: StepPlan): boolean {
  return step.sees === "tree";
}

/** Why a layer could not be taken from the store. */
export function whyBuilt(previous: Readonly<Record<string, string>> | null, inputs: Readonly<Record<string, string>>): string {
  if (previous === null) return "first build";
  const names = [...new Set([...Object.keys(inputs), ...Object.keys(previous)])].filter((name) => previous[name] !== inputs[name]);
  if (names.length === 0) return "it was swept since the last build";
  // Another manifest is another source: the one that says more.
  if (names.includes(BUILDPACK) && previous[BUILDPACK] !== undefined) return `${BUILDPACK} ${previous[BUILDPACK]} -> ${inputs[BUILDPACK]}`;
  const told = names.some((name) => MANIFESTS.includes(name)) ? names.filter((name) => name !== "the source") : names;
  return told.map((name) => describeChange(name, previous[name], inputs[name])).join(", ");
}

/** `24.2.0`, or a version and what was made of it: `21 java-0123456789abcdef`. */
const VERSION = /^(\d[\w.+~-]*)(?: \S+)?$/;

function describeChange(name: string, before: string | undefined, after: string | undefined): string {
  if (before === undefined) return `${name} is new`;
  if (after === undefined) return `${name} is gone`;
  const [from, to] = [versionIn(before), versionIn(after)];
  return from !== null && to !== null && from !== to ? `${name} ${from} -> ${to}` : `${name} changed`;
}

/** null: an identity, not a version. */
function versionIn(input: string): string | null {
  const version = VERSION.exec(input)?.[1] ?? null;
  return version === null || /^[0-9a-f]{16,}$/.test(version) ? null : version;
}
