/** A plan with everything it stands on: exact versions, and for each layer its identity and what made it. Pure, so that a forecast says what a build would do. */
import { type BuildPlan, type RuntimeRequest, type SourceTree, type StepPlan, withoutScripts } from "../buildpacks/index.ts";
import type { LayerId } from "../core/index.ts";
import { appLayerId } from "./app-layer.ts";
import { canonicalJson, layerId, sha256 } from "./identity.ts";
import { type KnownVersions, type Language, languageInputs, resolveLanguage } from "./language.ts";

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
  for (const step of [...plan.steps, ...(plan.testSteps ?? [])]) steps.push(resolveStep(step, source, around, buildLanguages, steps));
  return {
    plan,
    base: around.base,
    imageLanguages: plan.imageRuntime.map(language),
    buildLanguages,
    app: appLayerId(source.id, around.salt),
    steps,
  };
}

function resolveStep(
  plan: StepPlan,
  source: SourceTree,
  around: Surroundings,
  languages: readonly Language[],
  earlier: readonly ResolvedStep[],
): ResolvedStep {
  const below = earlier.filter((step) => plan.on.includes(step.plan.name)).map((step) => [step.plan.title, step.id]);
  const { command, env, keeps } = plan;
  const inputs = {
    ...seenInputs(plan, source),
    ...Object.fromEntries(below),
    ...Object.assign({}, ...languages.map(languageInputs)),
    ...configInputs(plan, around.config),
    "the base image": around.base,
    "the way it is built": sha256(canonicalJson({ command, env, keeps })),
    ...(around.salt === "" ? {} : { "a push with no-cache": around.salt }),
  };
  const prefix = plan.kind === "build" ? "build" : "deps";
  return { plan, id: layerId(prefix, { step: plan.name, inputs }), inputs };
}

/** Hashed: inputs are stored in the clear. */
function configInputs({ configKeys = [] }: StepPlan, config: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(configKeys.map((key) => [`the config ${key}`, config[key] === undefined ? "not set" : sha256(config[key])]));
}

function seenInputs(plan: StepPlan, source: SourceTree): Readonly<Record<string, string>> {
  if (plan.sees === "tree") return { "the source": source.id };
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
  return names.map((name) => describeChange(name, previous[name], inputs[name])).join(", ");
}

const VERSION = /^\d+\.[\d.]+\w*$/;

function describeChange(name: string, before: string | undefined, after: string | undefined): string {
  if (before === undefined) return `${name} is new`;
  if (after === undefined) return `${name} is gone`;
  return VERSION.test(before) && VERSION.test(after) ? `${name} ${before} -> ${after}` : `${name} changed`;
}
