/**
 * Source -> Image, the whole way:
 *
 *   commit -> SourceTree -> BuildPlan -> resolved (exact versions, layer identities) -> layers, each reused or made -> Image
 */
import { BUILDPACKS, choosePlan } from "../buildpacks/index.ts";
import type { BuildRequest, Image } from "../core/index.ts";
import { refuseFullDisk } from "./disk.ts";
import { buildDockerfile } from "./dockerfile/build.ts";
import { planDockerfile } from "./dockerfile/plan.ts";
import { type GitObjects, openGitObjects } from "./git-objects.ts";
import { composeImage } from "./image.ts";
import { makeLayers } from "./layers.ts";
import type { Parts } from "./parts.ts";
import { phase } from "./phase.ts";
import { describePlan, planBuild } from "./planning.ts";
import { type ReadCommit, readCommit, rootOf } from "./source.ts";
import { runTests } from "./test-phase.ts";

export async function buildImage(parts: Parts, request: BuildRequest): Promise<Image> {
  const git = openGitObjects(request.repository, parts.gitUser, request.signal);
  try {
    const { source, settings } = await phase(request.onEvent, "source", `Reading commit ${request.commit.slice(0, 7)}`, () =>
      readCommit(git, request),
    );
    return await buildSource(parts, request, { git, source, settings });
  } finally {
    git.close();
  }
}

interface Opened extends ReadCommit {
  readonly git: GitObjects;
}

async function buildSource(parts: Parts, request: BuildRequest, { git, source, settings }: Opened): Promise<Image> {
  const dockerfile = planDockerfile(source, settings);
  if (dockerfile !== null) {
    const image = await buildDockerfile({ parts, request, git, source, root: rootOf(settings), plan: dockerfile });
    await runTests(parts, request, async () => ({ layers: image.layers, caches: { binds: [], inApp: [] }, config: image.config }));
    return image;
  }
  const chosen = choosePlan(source, BUILDPACKS, settings);
  const planned = await phase(request.onEvent, "plan", `${chosen.buildpack}: ${chosen.reason}`, async () => {
    await refuseFullDisk(parts.dataDirectory, parts.limits.freeDiskPercent, request.onEvent);
    const resolved = await planBuild(parts, request, chosen, source);
    for (const text of describePlan(resolved.build)) request.onEvent({ kind: "detail", text });
    for (const text of chosen.warnings) request.onEvent({ kind: "warning", text });
    return resolved;
  });
  const release = parts.leases.hold(planned.layers);
  try {
    const layers = await phase(request.onEvent, "build", "Building layers", () =>
      makeLayers(parts, request, { git, source, root: rootOf(settings), planned }),
    );
    await runTests(parts, request, layers.forTests);
    return composeImage(parts, request, planned, layers);
  } finally {
    release();
  }
}
