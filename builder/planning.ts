/** From a buildpack's plan to a resolved build: asks for the versions that exist and for what the environment built last. */
import type { BuildPlan, RuntimeRequest, SourceTree } from "../buildpacks/index.ts";
import type { BuildRequest, LayerId } from "../core/index.ts";
import { baseLayerId } from "./base-recipe.ts";
import type { LastBuild } from "./image-store.ts";
import type { KnownVersions, Language } from "./language.ts";
import { nodePackage } from "./language-layer.ts";
import type { Parts } from "./parts.ts";
import { type ResolvedBuild, resolveBuild } from "./resolve.ts";

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
  const versions = await knownVersions(parts, plan);
  const build = resolveBuild(plan, source, { versions, base: baseLayerId(process.arch), architecture: process.arch, salt });
  const languages = [build.imageLanguage, ...(build.buildLanguage === null ? [] : [build.buildLanguage])];
  const layers = [build.base, ...languages.map(({ id }) => id), build.app, ...build.steps.map(({ id }) => id), ...(last?.layers ?? [])];
  return { build, last, salt, layers };
}

/** `Node 24.21.0 (.nvmrc)`: a chosen version carries its source. */
export function describePlan({ imageLanguage, buildLanguage }: ResolvedBuild): readonly string[] {
  const languages = new Map(
    [buildLanguage, imageLanguage].filter((language) => language !== null).map((language) => [language.id, language]),
  );
  return [...languages.values()].flatMap(describeLanguage);
}

function describeLanguage(language: Language): readonly string[] {
  return language.kind === "node" ? [`Node ${language.node} (from ${language.from}), npm ${language.npm}`] : [];
}

async function knownVersions(parts: Parts, plan: BuildPlan): Promise<KnownVersions> {
  const requests = [plan.imageRuntime, plan.buildRuntime].filter((request): request is RuntimeRequest => request !== null);
  const [node, npm] = await Promise.all([
    requests.some(({ kind }) => kind === "node") ? parts.registry.versions(nodePackage(process.arch)) : [],
    requests.some((request) => request.kind === "node" && request.npm !== null) ? parts.registry.versions("npm") : [],
  ]);
  return { node, npm };
}
