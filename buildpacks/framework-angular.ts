/** Angular: angular.json says which project is built, where it is written, and whether a server renders it. */
import { PushboatError } from "../core/index.ts";
import { type Project, type Serving, server, site } from "./framework.ts";
import { findJsonError } from "./json-position.ts";

interface Workspace {
  readonly defaultProject?: string;
  readonly projects?: Readonly<Record<string, { readonly projectType?: string; readonly architect?: Targets; readonly targets?: Targets }>>;
}

interface Targets {
  readonly build?: { readonly options?: BuildOptions };
}

interface BuildOptions {
  readonly outputPath?: string | { readonly base?: string; readonly browser?: string; readonly server?: string };
  readonly outputMode?: string;
  readonly ssr?: unknown;
}

export function serveAngular({ source }: Project): Serving {
  const workspace = parseWorkspace(source.texts.get("angular.json") ?? "{}");
  const names = Object.keys(workspace.projects ?? {});
  const applications = names.filter((name) => workspace.projects?.[name]?.projectType !== "library");
  const name = workspace.defaultProject ?? applications[0];
  if (name === undefined) return site(["dist"], "single-page");
  const project = workspace.projects?.[name];
  const options = (project?.architect ?? project?.targets)?.build?.options ?? {};
  const { base = `dist/${name}`, browser = "browser", server: serverDirectory = "server" } = outputPath(options);
  const ssr = options.ssr !== undefined && options.ssr !== false && options.outputMode !== "static";
  if (ssr) return server(`node ${base}/${serverDirectory}/server.mjs`);
  return site([...(browser === "" ? [] : [`${base}/${browser}`]), base], "single-page");
}

function outputPath({ outputPath: path }: BuildOptions): { base?: string; browser?: string; server?: string } {
  const object = typeof path === "string" ? { base: path } : (path ?? {});
  return object.base === undefined ? object : { ...object, base: object.base.replace(/^\.\/|\/+$/g, "") };
}

function parseWorkspace(text: string): Workspace {
  // Angular's own tools take comments and commas that JSON does not know.
  const plain = text.replace(/^\s*\/\/.*$/gm, "").replace(/,(\s*[}\]])/g, "$1");
  const position = findJsonError(plain);
  if (position === null) return JSON.parse(plain) as Workspace;
  throw new PushboatError({
    code: "build/angular-json",
    message: `angular.json is not JSON: line ${position.line}, column ${position.column}: expected ${position.expected}`,
    hint: "Mend it, commit and push again.",
  });
}
