/** What is current in an environment, as a workload: for boot, one-offs, and rolling forward. */
import { type Instance, PushboatError, stoppedIndexes, type Workload } from "../core/index.ts";
import type { Deps } from "./deps.ts";
import { requireRelease } from "./find.ts";
import type { EnvironmentRecord } from "./store/index.ts";
import { environmentUrl } from "./urls.ts";
import { makeWorkload, quantityOf } from "./workload.ts";

export async function currentWorkload(deps: Deps, environment: EnvironmentRecord): Promise<Workload> {
  const release = requireRelease(deps, environment);
  const image = await deps.builder.image(release.imageDigest);
  if (image === null) {
    throw new PushboatError({
      code: "release/image-missing",
      message: `the image of v${release.number} of ${environment.name} is missing from the store`,
      hint: "Push again to rebuild it.",
      kind: "platform",
    });
  }
  return makeWorkload({
    settings: deps.settings,
    environment,
    release: release.number,
    revision: environment.revision ?? `${release.number}`,
    commit: release.commit,
    image,
    config: release.config,
    manifest: release.manifest,
    formation: deps.store.releases.formation(environment.name),
    sizes: deps.store.releases.sizes(environment.name),
    stops: deps.store.releases.stops(environment.name),
    mounts: deps.store.resources.volumes(environment.name),
    allowed: deps.store.resources.allowed(environment.name),
    url: environmentUrl(deps.settings, environment),
  });
}

/** Of another revision, beyond the formation, or stopped: of a deployment that was undone, or killed before its old instances were stopped. */
export function isStranger(
  { store }: Pick<Deps, "store">,
  instance: Pick<Instance, "environment" | "revision" | "type" | "index">,
): boolean {
  const current = store.apps.environment(instance.environment);
  if (current === null || instance.revision !== current.revision) return true;
  const quantity = quantityOf(instance.type, store.releases.formation(current.name));
  return instance.index > quantity || stoppedIndexes(store.releases.stops(current.name), instance.type, quantity).includes(instance.index);
}
