/** What an operation would make current: computed from what is current now plus what the operation changes. */
import {
  applyConfig,
  applyScale,
  type CommitId,
  type Config,
  type Image,
  type ProcessType,
  PushboatError,
  RELEASE,
  type ScaleChange,
} from "../core/index.ts";
import type { Deps } from "./deps.ts";
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
  readonly config: Config;
  readonly formation: Readonly<Record<string, number>>;
  /** Changes of volume mounts: name -> path, or null. */
  readonly mounts: Readonly<Record<string, string | null>>;
}

export async function prepareCandidate(deps: Deps, operation: DeploymentRecord): Promise<Candidate> {
  const environment = deps.store.apps.environment(operation.environment);
  if (environment === null)
    throw new PushboatError({ code: "environment/gone", message: `${operation.environment} was destroyed meanwhile` });
  const current = environment.currentRelease === null ? null : deps.store.releases.release(environment.name, environment.currentRelease);
  const source = operation.payload.rollbackTo === undefined ? current : rollbackSource(deps, environment, operation.payload.rollbackTo);
  const imageDigest = operation.kind === "push" ? operation.imageDigest : (source?.imageDigest ?? null);
  if (imageDigest === null)
    throw new PushboatError({
      code: "release/none",
      message: `${environment.name} has no release yet`,
      hint: "Push first: git push pushboat main",
    });
  const image = await deps.builder.image(imageDigest);
  if (image === null) {
    throw new PushboatError({
      code: "release/image-swept",
      message: `the image of v${source?.number ?? "?"} of ${environment.name} is no longer kept`,
      hint: `The last ${deps.settings.releasesKept} releases are kept: \`releases ${environment.name}\`. Push the commit again to rebuild it.`,
    });
  }
  const base = operation.kind === "rollback" && source !== null ? source.config : deps.store.apps.config(environment.name);
  return {
    operation,
    environment,
    current,
    newRelease: operation.kind === "push" || operation.kind === "config" || operation.kind === "rollback",
    newRevision: operation.kind !== "scale",
    image,
    commit: operation.kind === "push" ? operation.commit : (source?.commit ?? null),
    config: applyConfig(base, operation.payload.config ?? {}),
    formation: scaled(image, deps.store.releases.formation(environment.name), operation.payload.scale ?? []),
    mounts: operation.payload.mounts ?? {},
  };
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
