/** The first buildpack that takes the tree, or an error that says what was looked for and what is there. */
import { PushboatError, quote } from "../core/index.ts";
import { parsePackageJson } from "./package-json.ts";
import type { BuildPlan, Buildpack } from "./plan.ts";
import { applySettings, type BuildSettings } from "./settings.ts";
import { rootNames, type SourceTree } from "./source-tree.ts";

const NAMES_SHOWN = 12;

export function choosePlan(source: SourceTree, buildpacks: readonly Buildpack[], settings: BuildSettings = {}): BuildPlan {
  for (const buildpack of asked(buildpacks, settings)) {
    const plan = buildpack.plan(source);
    if (plan !== null) return applySettings({ ...plan, warnings: [...sourceWarnings(source), ...plan.warnings] }, source, settings);
  }
  throw nothingMatches(source, asked(buildpacks, settings));
}

function asked(buildpacks: readonly Buildpack[], { buildpack }: BuildSettings): readonly Buildpack[] {
  if (buildpack === undefined) return buildpacks;
  const ids = typeof buildpack === "string" ? [buildpack] : buildpack;
  const unknown = ids.find((id) => !buildpacks.some((each) => each.id === id));
  const known = [...new Set(["dockerfile", ...buildpacks.map(({ id }) => id)])].join(", ");
  if (unknown !== undefined) {
    throw new PushboatError({
      code: "build/buildpack",
      message: `pushboat.yml: build/buildpack: there is no buildpack ${quote(unknown)}`,
      hint: `There are: ${known}.`,
    });
  }
  if (ids.length > 1) {
    throw new PushboatError({
      code: "build/buildpacks",
      message: `pushboat.yml: build/buildpack names ${ids.length} buildpacks; one app is built by one`,
      hint: "Name the one that starts the app, and let build/command and build/apt do the rest; or write a Dockerfile.",
    });
  }
  return buildpacks.filter(({ id }) => id === ids[0]);
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
