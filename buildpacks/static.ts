/** Static files as they are: index.html in the root, public/ or dist/. */
import type { Processes } from "../core/index.ts";
import type { MissingPage } from "./framework.ts";
import type { BuildPlan, Buildpack } from "./plan.ts";
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
  const directory = SITE_DIRECTORIES.find((prefix) => hasFile(source, `${prefix}index.html`));
  if (directory === undefined) return null;
  return {
    buildpack: staticFiles.name,
    reason: `${directory}index.html`,
    buildRuntime: [],
    caches: [],
    steps: [],
    imageSteps: [],
    imageHasSource: true,
    ...siteImage(`/app/${directory}`.replace(/\/$/, ""), "by-files"),
    warnings: [],
  };
}

export function siteImage(directory: string, missing: MissingPage): Pick<BuildPlan, "imageRuntime" | "env" | "processes"> {
  return {
    imageRuntime: [{ kind: "nginx" }],
    env: { PATH: "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin" },
    processes: { web: { form: "exec", command: [SERVE_STATIC, directory, missing] } } as Processes,
  };
}
