/**
 * Several buildpacks for one app, in order. Each finds what the earlier ones installed and built, and so does the image; the last one
 * says how the app starts (Heroku's rule). Pure.
 */
import { WEB } from "../core/index.ts";
import type { BuildPlan, Buildpack, RuntimeRequest, StepName, StepPlan, StepRole } from "./plan.ts";
import type { SourceTree } from "./source-tree.ts";

export interface PlannedPart {
  readonly id: string;
  readonly plan: BuildPlan;
}

/** parts: at least one, in order. The last one's steps keep their names: settings of pushboat.yml are about them. */
export function combinePlans(parts: readonly PlannedPart[]): BuildPlan {
  const last = parts.at(-1);
  if (last === undefined) throw new Error("no plan to combine");
  if (parts.length === 1) return last.plan;
  const plans = parts.map((part) => (part === last ? part.plan : qualify(part)));
  const runtimesOf = ({ buildRuntime, imageRuntime }: BuildPlan) => (buildRuntime.length === 0 ? imageRuntime : buildRuntime);
  const steps = plans.flatMap((plan, index) => stepsAfter(plans.slice(0, index), plan, plan.steps));
  const testSteps = plans.flatMap((plan, index) => stepsAfter(plans.slice(0, index), plan, plan.testSteps ?? []));
  return {
    ...last.plan,
    buildpack: plans.map(({ buildpack }) => buildpack).join(" + "),
    buildRuntime: unique(plans.flatMap(runtimesOf)),
    imageRuntime: unique(plans.flatMap(({ imageRuntime }) => imageRuntime)),
    caches: unique(plans.flatMap(({ caches }) => caches)),
    steps,
    testSteps,
    imageSteps: plans.flatMap(({ imageSteps }) => imageSteps),
    imageHasSource: plans.some(({ imageHasSource }) => imageHasSource),
    env: { ...mergedEnv(plans), PATH: joinPaths(plans.map(({ env }) => env["PATH"])) },
    warnings: unique(plans.flatMap(({ warnings }) => warnings)),
  };
}

/** What a buildpack would plan if somebody else started the app: as with a Procfile, it has nothing to guess. */
export function planPart(buildpack: Buildpack, source: SourceTree): BuildPlan | null {
  const entries = new Map([...source.entries, ["Procfile", { type: "file", id: "" }] as const]);
  const texts = new Map([...source.texts, ["Procfile", `${WEB}: nothing\n`] as const]);
  return buildpack.plan({ ...source, entries, texts });
}

function qualify({ id, plan }: PlannedPart): BuildPlan {
  const named = (name: StepName): StepName => `${id}/${name as StepRole}`;
  const step = (each: StepPlan): StepPlan => ({
    ...each,
    name: named(each.name),
    title: `${each.title} (${plan.buildpack})`,
    on: each.on.map(named),
  });
  return { ...plan, steps: plan.steps.map(step), testSteps: plan.testSteps?.map(step) ?? [], imageSteps: plan.imageSteps.map(named) };
}

/** A step that sees the whole tree sees what was built before, too; one that sees its lockfile stays as it is. */
function stepsAfter(earlier: readonly BuildPlan[], plan: BuildPlan, steps: readonly StepPlan[]): readonly StepPlan[] {
  const before = earlier.flatMap(({ imageSteps }) => imageSteps);
  const plans = [...earlier, plan];
  const paths = [...plans.flatMap((each) => each.steps.map(({ env }) => env["PATH"])), ...plans.map(({ env }) => env["PATH"])];
  return steps.map((step) => ({
    ...step,
    on: step.sees === "tree" ? [...before, ...step.on] : step.on,
    env: { ...mergedEnv(earlier), ...step.env, PATH: joinPaths(paths) },
  }));
}

function mergedEnv(plans: readonly BuildPlan[]): Readonly<Record<string, string>> {
  return Object.assign({}, ...plans.map(({ env }) => env));
}

const SYSTEM = ["/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/bin", "/sbin"];

/** Each one's own directories, then the system's. */
function joinPaths(paths: readonly (string | undefined)[]): string {
  const own = paths.flatMap((path) => path?.split(":") ?? []).filter((directory) => !SYSTEM.includes(directory));
  return [...new Set([...own, ...SYSTEM])].join(":");
}

function unique<T extends RuntimeRequest | string | object>(values: readonly T[]): readonly T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
