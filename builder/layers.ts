/** Every layer of a build, in order: taken from the store, or made. Says for each which it was, and why. */
import type { BuildPlan, CachePlan, SourceTree, StepName, StepPlan } from "../buildpacks/index.ts";
import type { BuildRequest, Layer } from "../core/index.ts";
import { appLayerId, makeAppLayer } from "./app-layer.ts";
import { ensureBaseLayer } from "./base-layer.ts";
import { openCaches } from "./caches.ts";
import type { GitObjects } from "./git-objects.ts";
import { type Language, languageKey, runtimeInputs } from "./language.ts";
import { ensureLanguageLayer } from "./language-layer.ts";
import type { LayerRecord } from "./layer-store.ts";
import { npmEnvironment } from "./npm-environment.ts";
import type { Parts } from "./parts.ts";
import type { PlannedBuild } from "./planning.ts";
import { liesAboveApp, type ResolvedStep, whyBuilt } from "./resolve.ts";
import { layOutSeenFiles } from "./seen-files.ts";
import { commitTreeId } from "./source.ts";
import { makeStepLayer } from "./step-layer.ts";
import { appConfig, type TestRun, testStandsOn } from "./test-phase.ts";

export interface BuildContext {
  readonly git: GitObjects;
  readonly source: SourceTree;
  /** The app's directory in the repository; empty: all of it. */
  readonly root: string;
  readonly planned: PlannedBuild;
}

export interface MadeLayers {
  readonly base: Layer;
  /** Lowest first. */
  readonly languages: readonly Layer[];
  readonly app: Layer;
  /** By step name; those of the image, and those that had to be made for them. */
  readonly steps: ReadonlyMap<StepName, Layer>;
  /** What tests stand on; makes the layers that only they need. */
  readonly forTests: () => Promise<TestRun>;
}

export async function makeLayers(parts: Parts, request: BuildRequest, context: BuildContext): Promise<MadeLayers> {
  const { build } = context.planned;
  const base = await ensureBaseLayer(parts.cache, request.onEvent, request.signal);
  const maker: Maker = { parts, request, context, base };
  const languages: Layer[] = [];
  for (const language of build.imageLanguages) languages.push(await makeLanguage(maker, language));
  const app = await makeApp(maker);
  const run: StepRunner = { ...maker, app, made: new Map() };
  for (const name of build.plan.imageSteps) await makeStep(run, name);
  return { base: parts.cache.layer(base), languages, app, steps: run.made, forTests: () => layersForTests(run) };
}

async function layersForTests(run: StepRunner): Promise<TestRun> {
  const { parts, request, context } = run;
  const { plan, imageLanguages, buildLanguages } = context.planned.build;
  const built = new Set(buildLanguages.map(({ id }) => id));
  const runtimes = await makeRuntimes(run, [...imageLanguages.filter(({ id }) => !built.has(id)), ...buildLanguages]);
  const below = await makeBelow(run, testStandsOn(plan));
  const env = Object.assign({}, ...plan.caches.map((cache) => cache.env), plan.env);
  return { layers: stackOf(run, runtimes, below, true), caches: await openCaches(parts, request, plan.caches), config: appConfig(env) };
}

interface Maker {
  readonly parts: Parts;
  readonly request: BuildRequest;
  readonly context: BuildContext;
  readonly base: LayerRecord;
}

interface StepRunner extends Maker {
  readonly app: Layer;
  readonly made: Map<StepName, Layer>;
}

async function makeLanguage({ parts, request, context, base }: Maker, language: Language): Promise<Layer> {
  const startedMs = performance.now();
  const { record, reused } = await ensureLanguageLayer({ ...parts, base, language, onEvent: request.onEvent, signal: request.signal });
  const outcome = languageOutcome(context.planned.last?.runtime?.[languageKey(language)] ?? null, runtimeInputs([language]), reused);
  request.onEvent({ kind: "layer", title: record.title, reused, ...outcome, durationMs: performance.now() - startedMs });
  return parts.cache.layer(record);
}

/** A runtime is the machine's: it may be new to this environment, and made long before. Pure. */
export function languageOutcome(
  last: Readonly<Record<string, string>> | null,
  inputs: Readonly<Record<string, string>>,
  reused: boolean,
): { readonly reason: string; readonly rebuilt?: true } {
  const reason = whyBuilt(last, inputs);
  if (last === null || reason === whyBuilt(inputs, inputs)) return { reason: reused ? "same version" : "first use on this machine" };
  return reused ? { reason: `${reason}; made before on this machine` } : { reason, rebuilt: true };
}

async function makeApp({ parts, request, context }: Maker): Promise<Layer> {
  const startedMs = performance.now();
  const previousTree = request.previousCommit === null ? null : await commitTreeId(context.git, request.previousCommit, context.root);
  const { salt } = context.planned;
  const release = parts.leases.hold(previousTree === null ? [] : [appLayerId(previousTree, salt)]);
  const made = await makeAppLayer({
    ...parts,
    git: context.git,
    tree: context.source.id,
    previousTree,
    salt,
    maxFileBytes: parts.limits.maxFileBytes,
  }).finally(release);
  const rebuilt = !made.reused && context.planned.last !== null ? ({ rebuilt: true } as const) : {};
  const { reused, reason } = made;
  request.onEvent({ kind: "layer", title: "app", reused, reason, ...rebuilt, durationMs: performance.now() - startedMs });
  return made.layer;
}

/** Steps below a step are only looked at when it has to run. */
async function makeStep(run: StepRunner, name: StepName): Promise<Layer> {
  const known = run.made.get(name);
  if (known !== undefined) return known;
  const step = run.context.planned.build.steps.find(({ plan }) => plan.name === name);
  if (step === undefined) throw new Error(`the plan has no step ${name}`);
  const stored = run.parts.store.find(step.id);
  const startedMs = performance.now();
  const record = stored ?? (await runStepOnLayers(run, step));
  const layer = run.parts.store.layer(record);
  run.made.set(name, layer);
  const last = run.context.planned.last?.steps[name] ?? null;
  run.request.onEvent({
    kind: "layer",
    title: step.plan.title,
    reused: stored !== null,
    ...(stored === null && last !== null ? { rebuilt: true } : {}),
    reason: stored === null ? whyBuilt(last, step.inputs) : "nothing that it sees changed",
    durationMs: performance.now() - startedMs,
  });
  return layer;
}

async function runStepOnLayers(run: StepRunner, step: ResolvedStep): Promise<LayerRecord> {
  const { parts, request, context } = run;
  const below = await makeBelow(run, step.plan.on);
  const { plan, buildLanguages } = context.planned.build;
  const runtimes = await makeRuntimes(run, buildLanguages);
  const { name } = step.plan;
  const registryAddress = buildLanguages.some(({ kind }) => kind === "node") ? await parts.registry.address() : null;
  const seesTree = step.plan.sees === "tree";
  return makeStepLayer({
    store: parts.store,
    sandbox: parts.sandbox,
    step,
    name: `build-${request.app}-${step.id.slice(-8)}`,
    layers: stackOf(run, runtimes, below, seesTree),
    caches: await openCaches(parts, request, cachesOf(plan, name)),
    env: {
      ...npmEnvironment(buildLanguages, registryAddress),
      ...Object.assign({}, ...plan.caches.map(({ env }) => env)),
      ...configEnv(step.plan, request.config ?? {}),
    },
    limits: parts.limits.step,
    layOut: seesTree ? null : (directory) => layOutSeenFiles(parts, context, step.plan, directory),
    onEvent: request.onEvent,
    signal: request.signal,
  });
}

function cachesOf({ caches }: BuildPlan, step: StepName): readonly CachePlan[] {
  return caches.filter(({ steps }) => steps === undefined || steps.some((role) => step === role || step.endsWith(`/${role}`)));
}

interface Below {
  readonly plan: StepPlan;
  readonly layer: Layer;
}

async function makeBelow(run: StepRunner, names: readonly StepName[]): Promise<readonly Below[]> {
  const below: Below[] = [];
  for (const on of names) below.push({ layer: await makeStep(run, on), plan: planOf(run.context, on) });
  return below;
}

async function makeRuntimes({ parts, request, base }: Maker, languages: readonly Language[]): Promise<readonly Layer[]> {
  const runtimes: Layer[] = [];
  for (const language of languages) {
    const { record } = await ensureLanguageLayer({ ...parts, base, language, onEvent: request.onEvent, signal: request.signal });
    runtimes.push(parts.cache.layer(record));
  }
  return runtimes;
}

/** Lowest first: what did not see the source lies below it. */
function stackOf(
  { parts, base, app }: StepRunner,
  runtimes: readonly Layer[],
  below: readonly Below[],
  seesTree: boolean,
): readonly Layer[] {
  return [
    parts.cache.layer(base),
    ...runtimes,
    ...below.filter(({ plan }) => !liesAboveApp(plan)).map(({ layer }) => layer),
    ...(seesTree ? [app] : []),
    ...below.filter(({ plan }) => liesAboveApp(plan)).map(({ layer }) => layer),
  ];
}

function planOf(context: BuildContext, name: StepName): StepPlan {
  const step = context.planned.build.steps.find(({ plan }) => plan.name === name);
  if (step === undefined) throw new Error(`the plan has no step ${name}`);
  return step.plan;
}

function configEnv({ configKeys = [] }: StepPlan, config: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(configKeys.flatMap((key) => (config[key] === undefined ? [] : [[key, config[key]]])));
}
