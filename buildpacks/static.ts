/** Static files as they are: index.html in the root, public/ or dist/. */
import type { Processes } from "../core/index.ts";
import type { MissingPage } from "./framework.ts";
import type { BuildPlan, Buildpack } from "./plan.ts";
import { readSiteRules, siteWarnings } from "./site-files.ts";
import { siteEnvironment } from "./site-nginx.ts";
import type { SiteRules } from "./site-rules.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";

/** The server's start script in the nginx layer: DIRECTORY, then what to answer for a path that is not there. */
export const SERVE_STATIC = "/usr/local/bin/serve-static";

/** The root last: a repository with both keeps sources in the root and what is published in the directory. */
const SITE_DIRECTORIES = ["public/", "dist/", ""];

export const staticFiles: Buildpack = {
  id: "static",
  name: "static files",
  looksFor: "index.html in the root, public/ or dist/",
  facts: {
    versions: "None.",
    dependencies: "None.",
    reuse: "Only changed files are written.",
    start: "nginx.",
    image: "nginx and the repository; public/ or dist/ is served before the root.",
  },
  plan: planStaticFiles,
};

function planStaticFiles(source: SourceTree): BuildPlan | null {
  const rules = readSiteRules(source);
  const directory = rules.root === null ? SITE_DIRECTORIES.find((prefix) => hasFile(source, `${prefix}index.html`)) : `${rules.root}/`;
  if (directory === undefined) return null;
  return {
    buildpack: staticFiles.name,
    reason: rules.root === null ? `${directory}index.html` : `root in static.json is ${rules.root}/`,
    meaning: siteMeaning(directory === "" ? "The repository" : directory, "by-files", rules),
    buildRuntime: [],
    caches: [],
    steps: [],
    imageSteps: [],
    imageHasSource: true,
    ...siteImage(`/app/${directory}`.replace(/\/$/, ""), "by-files", rules),
    warnings: siteWarnings(source),
  };
}

export function siteImage(
  directory: string,
  missing: MissingPage,
  rules: SiteRules,
): Pick<BuildPlan, "imageRuntime" | "env" | "processes"> {
  return {
    imageRuntime: [{ kind: "nginx" }],
    env: { PATH: "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin", ...siteEnvironment(rules) },
    processes: { web: { form: "exec", command: [SERVE_STATIC, directory, missing] } } as Processes,
  };
}

/** For a reader: what is served, what answers for what is not there, and which files say more. */
export function siteMeaning(directory: string, missing: MissingPage, { sources }: SiteRules): string {
  const fallback = missing === "single-page" ? ", /index.html for what is not there" : "";
  const files = sources.length === 0 ? "" : `, by the rules of ${sources.join(" and ")}`;
  return `${directory} is served by nginx${fallback}${files}; no language at run time`;
}
