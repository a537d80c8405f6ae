/** What an operation would make current: computed from what is current now plus what the operation changes. */
import {
  applyConfig,
  applyScale,
  applySizes,
  type CommitId,
  type Config,
  EMPTY_MANIFEST,
  type Image,
  type Manifest,
  type ProcessType,
  PushboatError,
  RELEASE,
  requireKeys,
  type ScaleChange,
  withStarted,
  withStopped,
} from "../core/index.ts";
import type { Deps } from "./deps.ts";
import { configSources, manifestAt, plainConfig } from "./environment-config.ts";
import type { DeploymentRecord, EnvironmentRecord, ReleaseRecord } from "./store/index.ts";
import { quantityOf } from "./workload.ts";

export interface Candidate {
  readonly operation: DeploymentRecord;
  readonly environment: EnvironmentRecord;
  readonly current: ReleaseRecord | null;
  /** false: the current release goes on (scale, restart, volumes). */
  readonly newRelease: boolean;
  /** true: all instances are replaced though the release stays. */
  readonly newRevision: boolean;
  readonly image: Image;
  readonly commit: CommitId | null;
  /** Effective: what instances see. */
  readonly config: Config;
  readonly own: Config;
  readonly generated: Config;
  readonly manifest: Manifest;
  readonly formation: Readonly<Record<string, number>>;
  /** Memory asked for by hand. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Changes of volume mounts: name -> path, or null. */
  readonly mounts: Readonly<Record<string, string | null>>;
  /** What does not run though the formation has it. */
  readonly stops: readonly string[];
}

export async function prepareCandidate(deps: Deps, operation: DeploymentRecord): Promise<Candidate> {
  const environment = deps.store.apps.environment(operation.environment);
  if (environment === null) {
    throw new PushboatError({ code: "environment/gone", message: `${operation.environment} was destroyed meanwhile` });
  }
  const current = environment.currentRelease === null ? null : deps.store.releases.release(environment.name, environment.currentRelease);
  const source = operation.payload.rollbackTo === undefined ? current : rollbackSource(deps, environment, operation.payload.rollbackTo);
  const image = await requireImage(deps, operation, environment, source);
  const manifest = await manifestOf(deps, operation, environment, source);
  const inputs = releaseInputs(deps, operation, environment, source, manifest);
  requireKeys(manifest, inputs.config, environment.name);
  const formation = scaled(
    image,
    { ...(current === null ? manifest.formation : {}), ...deps.store.releases.formation(environment.name) },
    operation.payload.scale ?? [],
  );
  return {
    operation,
    environment,
    current,
    newRelease: isNewRelease(operation),
    newRevision: !KEEPS_REVISION.has(operation.kind) || resizes(operation),
    image,
    commit:
      operation.kind === "push" || operation.kind === "promote" || operation.kind === "image" ? operation.commit : (source?.commit ?? null),
    ...inputs,
    manifest,
    formation,
    sizes: applySizes({ ...operation.payload.sizes, ...deps.store.releases.sizes(environment.name) }, operation.payload.scale ?? []),
    stops: stopsAfter(operation, deps.store.releases.stops(environment.name), formation),
    mounts: operation.payload.mounts ?? {},
  };
}

/** What runs already and is wanted runs on. */
const KEEPS_REVISION: ReadonlySet<DeploymentRecord["kind"]> = new Set(["scale", "stop", "start"]);

/** An instance keeps its size for life: others take its place. */
function resizes({ payload }: DeploymentRecord): boolean {
  return (payload.scale ?? []).some(({ memoryBytes }) => memoryBytes !== undefined);
}

/** A deploy starts nothing that its owner stopped. */
function stopsAfter(
  { payload: { stop, start } }: DeploymentRecord,
  stops: readonly string[],
  formation: Readonly<Record<string, number>>,
): readonly string[] {
  if (stop !== undefined) return withStopped(stops, stop.name, formation);
  return start === undefined ? stops : withStarted(stops, start.name, formation);
}

function isNewRelease({ kind }: DeploymentRecord): boolean {
  return kind === "push" || kind === "config" || kind === "rollback" || kind === "promote" || kind === "image";
}

async function requireImage(
  deps: Deps,
  operation: DeploymentRecord,
  environment: EnvironmentRecord,
  source: ReleaseRecord | null,
): Promise<Image> {
  const digest = operation.payload.image?.digest ?? (operation.kind === "push" ? operation.imageDigest : (source?.imageDigest ?? null));
  if (digest === null) {
    throw new PushboatError({
      code: "release/none",
      message: `${environment.name} has no release yet`,
      hint: "Push first: git push pushboat main",
    });
  }
  const image = await deps.builder.image(digest);
  if (image !== null) return image;
  throw new PushboatError({
    code: "release/image-swept",
    message: `the image of v${source?.number ?? "?"} of ${environment.name} is no longer kept`,
    hint: `The last ${deps.settings.releasesKept} releases are kept: \`releases ${environment.name}\`. Push the commit again to rebuild it.`,
  });
}

/** A push, and a release elsewhere of an image that is there, come with files of their own; everything else goes on with those of its release. */
async function manifestOf(
  deps: Deps,
  operation: DeploymentRecord,
  environment: EnvironmentRecord,
  source: ReleaseRecord | null,
): Promise<Manifest> {
  if (operation.payload.image !== undefined) return operation.payload.image.manifest;
  if (operation.kind === "push" && operation.commit !== null) return await manifestAt(deps, environment, operation.commit);
  return source?.manifest ?? EMPTY_MANIFEST;
}

type Inputs = Pick<Candidate, "config" | "own" | "generated">;

function releaseInputs(
  deps: Deps,
  operation: DeploymentRecord,
  environment: EnvironmentRecord,
  source: ReleaseRecord | null,
  manifest: Manifest,
): Inputs {
  const generated = deps.store.apps.generated(environment.name);
  if (operation.kind === "rollback" && source !== null) return { config: source.config, own: source.own, generated };
  const own = applyConfig(deps.store.apps.config(environment.name), operation.payload.config ?? {});
  if (!isNewRelease(operation) && source !== null) return { config: source.config, own, generated };
  const sources = configSources(deps, environment, manifest, own);
  return { config: plainConfig(sources), own, generated: sources.generated };
}

function rollbackSource(deps: Deps, environment: EnvironmentRecord, number: number): ReleaseRecord {
  const release = deps.store.releases.release(environment.name, number);
  if (release === null || release.state === "failed" || release.state === "pending") {
    throw new PushboatError({
      code: "release/unknown",
      message: `${environment.name} has no release v${number} to go back to`,
      hint: `See \`releases ${environment.name}\`.`,
    });
  }
  return release;
}

/** Quantities after the changes, for the types that the image has; a vanished type goes away, a new one starts with its default. */
export function scaled(
  image: Pick<Image, "processes">,
  formation: Readonly<Record<string, number>>,
  changes: readonly ScaleChange[],
): Readonly<Record<string, number>> {
  const types = (Object.keys(image.processes) as ProcessType[]).filter((type) => type !== RELEASE);
  const quantities = Object.fromEntries(types.map((type) => [type, quantityOf(type, formation)])) as Record<ProcessType, number>;
  return applyScale(quantities, changes);
}
