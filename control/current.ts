/** What is current in an environment, as a workload: for boot, one-offs, and rolling forward. */
import { PushboatError, type Workload } from "../core/index.ts";
import type { Deps } from "./deps.ts";
import { requireRelease } from "./find.ts";
import type { EnvironmentRecord } from "./store/index.ts";
import { environmentUrl } from "./urls.ts";
import { makeWorkload } from "./workload.ts";

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
    formation: deps.store.releases.formation(environment.name),
    mounts: deps.store.resources.volumes(environment.name),
    allowed: deps.store.resources.allowed(environment.name),
    url: environmentUrl(deps.settings, environment),
  });
}
