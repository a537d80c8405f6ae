/** Which framework a Node project is built with, and how what it builds is served. */
import type { PackageJson } from "./package-json.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";

export interface Project {
  readonly source: SourceTree;
  readonly packageJson: PackageJson;
}

export interface Framework {
  readonly name: string;
  /** One of them among the dependencies shows it. */
  readonly packages: readonly string[];
  /** Where package.json has no build script. */
  readonly build: string;
  /** Its own start scripts that serve a developer, or nothing here: `serve` says what runs instead. */
  readonly notAStart: RegExp;
  /** Directories that its next build reads again, relative to the app. */
  readonly caches: readonly string[];
  readonly buildEnv: Readonly<Record<string, string>>;
  /** Pure; throws PushboatError where its output cannot be served here. null: only a start script or a Procfile can say it. */
  serve(project: Project): Serving | null;
}

export type Serving = ServerServing | SiteServing;

export interface ServerServing {
  readonly kind: "server";
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  /** The build has put everything that it needs beside it: no node_modules in the image. */
  readonly selfContained: boolean;
  /** To run after the build. */
  readonly finish: string | null;
}

export interface SiteServing {
  readonly kind: "site";
  /** The first of these that the build wrote. */
  readonly outputs: readonly string[];
  readonly missing: MissingPage;
}

/** What answers for a path without a file: /index.html always, or as the files that are there say (200.html, 404.html). */
export type MissingPage = "single-page" | "by-files";

export function server(command: string): ServerServing {
  return { kind: "server", command, env: {}, selfContained: false, finish: null };
}

export function site(outputs: readonly string[], missing: MissingPage = "by-files"): SiteServing {
  return { kind: "site", outputs, missing };
}

export function dependsOn({ dependencies, devDependencies }: PackageJson, name: string): boolean {
  return dependencies[name] !== undefined || devDependencies[name] !== undefined;
}

/** The text of the first config file that is there: `next.config` + `.ts`. Empty: none is. */
export function configText(source: SourceTree, name: string): string {
  const file = CONFIG_ENDINGS.map((ending) => `${name}${ending}`).find((path) => hasFile(source, path));
  return withoutComments(file === undefined ? "" : (source.texts.get(file) ?? ""));
}

export const CONFIG_ENDINGS: readonly string[] = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];

/** A commented-out option is none. Addresses (https://) stay. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[\s,{;])\/\/.*$/gm, "$1");
}
