/** From a buildpack's plan to a resolved build: asks for the versions that exist and for what the environment built last. */
import type { BuildPlan, SourceTree } from "../buildpacks/index.ts";
import type { BuildRequest, LayerId } from "../core/index.ts";
import { ensureBaseLayer } from "./base-layer.ts";
import { baseLayerId } from "./base-recipe.ts";
import { listGoVersions } from "./go-versions.ts";
import type { LastBuild } from "./image-store.ts";
import { describeLanguage, type KnownVersions, versionsNeeded } from "./language.ts";
import { nodePackage } from "./language-layer.ts";
import type { Parts } from "./parts.ts";
import { type ResolvedBuild, resolveBuild } from "./resolve.ts";
import { knownList } from "./version-list.ts";

export interface PlannedBuild {
  readonly build: ResolvedBuild;
  /** Of this environment; null for its first build. */
  readonly last: LastBuild | null;
  readonly salt: string;
  /** Every layer that it may use. */
  readonly layers: readonly LayerId[];
}

export async function planBuild(parts: Parts, request: BuildRequest, plan: BuildPlan, source: SourceTree): Promise<PlannedBuild> {
  const last = parts.images.lastBuild(request.environment);
  const salt = request.noCache ? `${request.commit.slice(0, 12)}-${parts.now()}` : (last?.salt ?? "");
  const versions = await knownVersions(parts, request, plan);
  const around = { versions, base: baseLayerId(process.arch), architecture: process.arch, salt, config: request.config ?? {} };
  const build = resolveBuild(plan, source, around);
  const languages = [...build.imageLanguages, ...build.buildLanguages];
  const layers = [build.base, ...languages.map(({ id }) => id), build.app, ...build.steps.map(({ id }) => id), ...(last?.layers ?? [])];
  return { build, last, salt, layers };
}

export function describePlan({ plan, imageLanguages, buildLanguages }: ResolvedBuild): readonly string[] {
  return [
    ...(plan.meaning === undefined ? [] : [plan.meaning]),
    ...new Set([...buildLanguages, ...imageLanguages].flatMap(describeLanguage)),
  ];
}

async function knownVersions(parts: Parts, request: BuildRequest, plan: BuildPlan): Promise<KnownVersions> {
  const names = new Set([...plan.imageRuntime, ...plan.buildRuntime].flatMap(versionsNeeded));
  const lists = [...names].map(async (name): Promise<[string, readonly string[]]> => {
    if (name === "node") return [name, await parts.registry.versions(nodePackage(process.arch))];
    return [name, name === "go" ? await goVersions(parts, request) : await parts.registry.versions(name)];
  });
  return Object.fromEntries(await Promise.all(lists));
}

function goVersions(parts: Parts, { onEvent, signal }: BuildRequest): Promise<readonly string[]> {
  return knownList(parts.versionsDirectory, "go", parts.now, async () => {
    const base = await ensureBaseLayer(parts.cache, onEvent, signal);
    return listGoVersions({ ...parts, base, onEvent, signal });
  });
}
