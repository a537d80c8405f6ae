/** What a repository says about its own build: `build:` of pushboat.yml, and Aptfile. It overrides any buildpack. */
import { type AppJson, appJsonFor, PushboatError, type PushboatYml, parseAppJson, parsePushboatYml } from "../core/index.ts";
import { directoryCache } from "./build-cache.ts";
import { appPackages, parseAptfile } from "./debian.ts";
import { type NamedBuildpack, namedBuildpacks } from "./named.ts";
import type { BuildPlan, StepPlan } from "./plan.ts";
import type { SourceTree } from "./source-tree.ts";

export interface BuildSettings extends Omit<NonNullable<PushboatYml["build"]>, "buildpack"> {
  /** In order; absent or empty: whatever takes the tree. */
  readonly named?: readonly NamedBuildpack[];
}

export interface BuildSettingsFiles {
  /** At the root of the commit; null where there is none. */
  readonly pushboatYml: string | null;
  readonly appJson: string | null;
  /** Which of app.json's environments is built. */
  readonly kind: "production" | "review";
}

export function readBuildSettings({ pushboatYml, appJson, kind }: BuildSettingsFiles): BuildSettings {
  const { buildpack, ...build } = (pushboatYml === null ? {} : parsePushboatYml(pushboatYml).build) ?? {};
  const heroku: AppJson = appJson === null ? {} : appJsonFor(parseAppJson(appJson), kind);
  return { ...build, named: namedBuildpacks(buildpack, heroku) };
}

export function applySettings(plan: BuildPlan, source: SourceTree, settings: BuildSettings): BuildPlan {
  const withWhatItBuilds = withOutput(withCommand(plan, settings), settings);
  return withEnv(withCaches(withPackages(withWhatItBuilds, source, settings), settings), settings);
}

/** The app's own build command instead of the buildpack's, or beside one that has none; false: none. */
function withCommand(plan: BuildPlan, { command }: BuildSettings): BuildPlan {
  if (command === undefined) return plan;
  if (command === false) {
    const steps = plan.steps
      .filter(({ name }) => name !== "build")
      .map((step) => ({ ...step, on: step.on.filter((name) => name !== "build") }));
    return { ...plan, steps, imageSteps: plan.imageSteps.filter((name) => name !== "build") };
  }
  const known = plan.steps.some(({ name }) => name === "build");
  if (known) return { ...plan, steps: plan.steps.map((step) => (step.name === "build" ? { ...step, title: "build", command } : step)) };
  const step: StepPlan = {
    name: "build",
    kind: "build",
    title: "build",
    sees: "tree",
    on: plan.steps.map(({ name }) => name),
    command,
    env: {},
    keeps: { kind: "all", except: [] },
  };
  return { ...plan, steps: [...plan.steps, step], imageSteps: [...plan.imageSteps, "build"] };
}

/** Where a site's build writes; a server's build may write anywhere. */
function withOutput(plan: BuildPlan, { output }: BuildSettings): BuildPlan {
  if (output === undefined) return plan;
  if (!plan.steps.some(({ keeps }) => keeps.kind === "site")) {
    throw new PushboatError({
      code: "build/output",
      message: `pushboat.yml: build/output: ${plan.buildpack} (${plan.reason}) writes no site; all that it builds is there at run time`,
      hint: "Take build/output out; or, where the app is a site, take the start script or the Procfile out that starts a server.",
    });
  }
  const path = output.replace(/^(?:\.\/)+|\/+$/g, "");
  const kept = (step: StepPlan): StepPlan => (step.keeps.kind === "site" ? { ...step, keeps: { kind: "site", candidates: [path] } } : step);
  return { ...plan, meaning: `${path}/ is served by nginx, as build.output in pushboat.yml says`, steps: plan.steps.map(kept) };
}

function withPackages(plan: BuildPlan, source: SourceTree, { apt = [] }: BuildSettings): BuildPlan {
  const packages = [...apt, ...parseAptfile(source.texts.get("Aptfile") ?? "")];
  if (packages.length === 0) return plan;
  const layer = appPackages(packages);
  return {
    ...plan,
    buildRuntime: plan.steps.length === 0 ? [] : [...plan.buildRuntime, layer],
    imageRuntime: [...plan.imageRuntime, layer],
  };
}

function withCaches(plan: BuildPlan, { cache = [] }: BuildSettings): BuildPlan {
  const named = cache.map(directoryCache).filter(({ name }) => plan.caches.every((known) => known.name !== name));
  return { ...plan, caches: [...plan.caches, ...named] };
}

function withEnv(plan: BuildPlan, { env = [] }: BuildSettings): BuildPlan {
  if (env.length === 0) return plan;
  const see = (step: StepPlan): StepPlan => ({ ...step, configKeys: env });
  return { ...plan, steps: plan.steps.map(see), ...(plan.testSteps === undefined ? {} : { testSteps: plan.testSteps.map(see) }) };
}
