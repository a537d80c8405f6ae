/** The first buildpack that takes the tree, or an error that says what was looked for and what is there. */
import { PushboatError, quote } from "../core/index.ts";
import { combinePlans, type PlannedPart, planPart } from "./combine.ts";
import type { NamedBuildpack } from "./named.ts";
import { parsePackageJson } from "./package-json.ts";
import type { BuildPlan, Buildpack } from "./plan.ts";
import { applySettings, type BuildSettings } from "./settings.ts";
import { rootNames, type SourceTree } from "./source-tree.ts";

const NAMES_SHOWN = 12;

export function choosePlan(source: SourceTree, buildpacks: readonly Buildpack[], settings: BuildSettings = {}): BuildPlan {
  const { named = [] } = settings;
  const earlier = named.slice(0, -1).map((each) => planEarlier(source, asked(buildpacks, each), each));
  const last = named.at(-1);
  const candidates = last === undefined ? buildpacks : asked(buildpacks, last);
  for (const buildpack of candidates) {
    const plan = buildpack.plan(source);
    if (plan === null) continue;
    const combined = combinePlans([...earlier, { id: buildpack.id, plan }]);
    return applySettings({ ...combined, warnings: [...sourceWarnings(source), ...combined.warnings] }, source, settings);
  }
  throw nothingMatches(source, candidates);
}

function planEarlier(source: SourceTree, candidates: readonly Buildpack[], { where, name }: NamedBuildpack): PlannedPart {
  for (const buildpack of candidates) {
    const plan = planPart(buildpack, source);
    if (plan !== null) return { id: buildpack.id, plan };
  }
  const looksFor = candidates.map((buildpack) => buildpack.looksFor).join("; or ");
  throw new PushboatError({
    code: "build/buildpacks",
    message: `${where}: ${quote(name)} finds nothing to build here; it looks for ${looksFor}`,
    hint: "Add what it looks for, or take it out of the list, and push again.",
  });
}

function asked(buildpacks: readonly Buildpack[], { where, name, ids }: NamedBuildpack): readonly Buildpack[] {
  const found = ids.flatMap((id) => buildpacks.filter((each) => each.id === id));
  if (found.length > 0) return found;
  const known = [...new Set(["dockerfile", ...buildpacks.map(({ id }) => id)])].join(", ");
  throw new PushboatError({
    code: "build/buildpack",
    message: `${where}: there is no buildpack ${quote(name)}`,
    hint: `There are: ${known}.${where.startsWith("app.json") ? "\nbuild.buildpack in pushboat.yml names those that shall build it here, and wins over app.json." : ""}`,
  });
}

/** Things that are in the repository only in name. */
export function sourceWarnings(source: SourceTree): readonly string[] {
  const submodules = [...(source.texts.get(".gitmodules") ?? "").matchAll(/^\s*path\s*=\s*(.+?)\s*$/gm)].map(([, path]) => path ?? "");
  const lfs = /\bfilter=lfs\b/.test(source.texts.get(".gitattributes") ?? "");
  return [
    ...(submodules.length > 0 ? [`Submodules are not fetched, their directories are empty: ${submodules.map(quote).join(", ")}`] : []),
    ...(lfs ? ["Git LFS files are not fetched: the app gets the small pointer files (.gitattributes has filter=lfs)"] : []),
  ];
}

function nothingMatches(source: SourceTree, buildpacks: readonly Buildpack[]): PushboatError {
  const names = rootNames(source);
  const shown = names.slice(0, NAMES_SHOWN).map(quote).join(", ");
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : "";
  const holds = names.length === 0 ? "no files at all" : `${shown}${more}`;
  const packageText = source.texts.get("package.json");
  if (packageText !== undefined) {
    const scripts = Object.keys(parsePackageJson(packageText).scripts);
    return new PushboatError({
      code: "build/nothing-to-start",
      message: `package.json has no start or build script${scripts.length > 0 ? ` (only ${scripts.map(quote).join(", ")})` : ""}, and there is no Procfile and no server.js`,
      hint: 'Add "scripts": { "start": "node FILE.js" } to package.json,\nor a Procfile with the line  web: node FILE.js',
    });
  }
  return new PushboatError({
    code: "build/no-buildpack",
    message: `Nothing here says how to build and start it; the repository holds ${holds}`,
    hint: [
      "Looked for:",
      "  Dockerfile: Dockerfile, for everything that is not below",
      ...buildpacks.map(({ name, looksFor }) => `  ${name}: ${looksFor}`),
      "Add one of these to the root of the repository, commit and push again.",
    ].join("\n"),
  });
}
