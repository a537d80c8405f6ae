/** What a push would do, without doing it: `git push -o dry-run`. */
import { BUILDPACKS, choosePlan } from "../buildpacks/index.ts";
import type { BuildForecast, BuildRequest } from "../core/index.ts";
import { forecastDockerfile } from "./dockerfile/build.ts";
import { planDockerfile } from "./dockerfile/plan.ts";
import { openGitObjects } from "./git-objects.ts";
import type { Parts } from "./parts.ts";
import { describePlan, type PlannedBuild, planBuild } from "./planning.ts";
import { whyBuilt } from "./resolve.ts";
import { readCommit } from "./source.ts";

export async function forecastBuild(parts: Parts, request: BuildRequest): Promise<BuildForecast> {
  const git = openGitObjects(request.repository, parts.gitUser, request.signal);
  try {
    const { source, settings } = await readCommit(git, request);
    const dockerfile = planDockerfile(source, settings);
    if (dockerfile !== null) return { lines: forecastDockerfile(parts, { request, source, plan: dockerfile }) };
    const plan = choosePlan(source, BUILDPACKS, settings);
    const planned = await planBuild(parts, request, plan, source);
    return {
      lines: [
        `${plan.buildpack}: ${plan.reason}`,
        ...describePlan(planned.build),
        ...plan.warnings.map((text) => `warning: ${text}`),
        ...layerLines(parts, planned),
        ...Object.entries(plan.processes).map(([type, { command }]) => `${type}: ${command.join(" ")}`),
      ],
    };
  } finally {
    git.close();
  }
}

function layerLines(parts: Parts, { build, last }: PlannedBuild): readonly string[] {
  const line = (title: string, reused: boolean, why: string): string =>
    `${title}: ${reused ? "would be reused" : `would be built (${why})`}`;
  return [
    line("base", parts.cache.find(build.base) !== null, "first use on this machine"),
    ...build.imageLanguages.map(({ title, id }) => line(title, parts.cache.find(id) !== null, "first use on this machine")),
    line("app", parts.store.find(build.app) !== null, last === null ? "first build" : "the files changed"),
    ...build.steps
      .filter(({ plan }) => !build.plan.testSteps?.includes(plan))
      .filter(({ plan, id }) => build.plan.imageSteps.includes(plan.name) || parts.store.find(id) === null)
      .map((step) => line(step.plan.title, parts.store.find(step.id) !== null, whyBuilt(last?.steps[step.plan.name] ?? null, step.inputs))),
  ];
}
