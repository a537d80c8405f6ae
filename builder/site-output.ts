/** The directory of a build's result that is the site. */
import { existsSync, lstatSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { PushboatError, quote } from "../core/index.ts";

/** As deep as builders put their result: dist/NAME/browser. */
const LOOKED_AT_DEPTH = 4;
const SHOWN = 3;

/** app: what the step wrote. lstat: what a build left as a link to elsewhere is not its output. */
export function findSite(app: string, candidates: readonly string[], command: string): string {
  const found = candidates.find((name) => isDirectory(join(app, name)));
  if (found !== undefined) return join(app, found);
  const pages = pageDirectories(app, app, 1).slice(0, SHOWN);
  throw new PushboatError({
    code: "build/no-output",
    message: `${quote(command)} went well, but wrote none of ${candidates.map((name) => `${name}/`).join(", ")}`,
    hint:
      pages.length > 0
        ? `There is an index.html in ${pages.map((name) => `${name}/`).join(", ")}: where that is the site, write into pushboat.yml\n  build: {output: ${pages[0]}}`
        : "Let the build write into one of these directories, or name another as build.output in pushboat.yml; where the app is a server, give package.json a start script.",
  });
}

function pageDirectories(app: string, directory: string, depth: number): readonly string[] {
  if (!isDirectory(directory)) return [];
  const below = depth > LOOKED_AT_DEPTH ? [] : readdirSync(directory).filter((name) => name !== "node_modules");
  const own = directory !== app && existsSync(join(directory, "index.html")) ? [relative(app, directory)] : [];
  return own.length > 0 ? own : below.flatMap((name) => pageDirectories(app, join(directory, name), depth + 1));
}

export function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
