/** A runtime with exact versions: what a request came to, and the identity of its layer. Pure. */
import {
  APP_PACKAGES,
  GO_BOOTSTRAP,
  type GoRequest,
  npmOfNode,
  type PackagesRequest,
  type RuntimeRequest,
  resolveNode,
  resolveVersion,
} from "../buildpacks/index.ts";
import type { LayerId } from "../core/index.ts";
import { layerId } from "./identity.ts";
import { MIME_TYPES, SERVE, UNPACK } from "./nginx-recipe.ts";

interface Named {
  readonly id: LayerId;
  readonly title: string;
}

export interface NodeLanguage extends Named {
  readonly kind: "node";
  readonly node: string;
  readonly npm: string;
  readonly from: string;
  readonly headers: boolean;
}

export interface NginxLanguage extends Named {
  readonly kind: "nginx";
}

export interface PackagesLanguage extends Named {
  readonly kind: "packages";
  readonly request: PackagesRequest;
}

export interface NpmToolLanguage extends Named {
  readonly kind: "npm-tool";
  readonly package: string;
  readonly version: string;
  readonly from: string;
}

export interface GoLanguage extends Named {
  readonly kind: "go";
  readonly version: string;
  readonly from: string;
  /** Fetches it; no part of it. */
  readonly bootstrap: PackagesLanguage;
}

export type Language = NodeLanguage | NginxLanguage | PackagesLanguage | NpmToolLanguage | GoLanguage;

/** Raise it to make Node's layers anew. */
const NODE_RECIPE = 1;
const PACKAGES_RECIPE = 2;
const NPM_TOOL_RECIPE = 1;
const GO_RECIPE = 1;

/** `node`, `npm`, `go`, or the name of an npm package -> the versions that there are. */
export type KnownVersions = Readonly<Record<string, readonly string[]>>;

/** Whose versions have to be known before the request can be resolved. */
export function versionsNeeded(request: RuntimeRequest): readonly string[] {
  switch (request.kind) {
    case "node":
      return request.npm === null ? ["node"] : ["node", "npm"];
    case "npm-tool":
      return [request.package];
    case "go":
      return ["go"];
    case "nginx":
    case "packages":
      return [];
  }
}

export function resolveLanguage(request: RuntimeRequest, known: KnownVersions, base: LayerId, architecture: string): Language {
  switch (request.kind) {
    case "nginx":
      return { kind: "nginx", id: layerId("nginx", { MIME_TYPES, SERVE, UNPACK, base }), title: "nginx" };
    case "packages":
      return packagesLanguage(request, base);
    case "node": {
      const node = resolveNode(request.node, known["node"] ?? []);
      const npm = request.npm === null ? npmOfNode(node) : resolveVersion("npm", request.npm, known["npm"] ?? []);
      const headers = request.headers === true;
      const id = layerId("node", { NODE_RECIPE, node, npm, architecture, ...(headers ? { headers } : {}) });
      return {
        kind: "node",
        id,
        title: headers ? `node ${node} with headers` : `node ${node}`,
        node,
        npm,
        from: request.node.from,
        headers,
      };
    }
    case "npm-tool": {
      const version = resolveVersion(request.package, request.version, known[request.package] ?? []);
      const id = layerId("tool", { NPM_TOOL_RECIPE, package: request.package, version });
      const title = `${toolName(request.package)} ${version}`;
      return { kind: "npm-tool", id, title, package: request.package, version, from: request.version.from };
    }
    case "go":
      return goLanguage(request, known["go"] ?? [], base, architecture);
  }
}

export function packagesLanguage(request: PackagesRequest, base: LayerId): PackagesLanguage {
  const { name, packages, command = "", debian, title } = request;
  return { kind: "packages", id: layerId(name, { PACKAGES_RECIPE, packages, command, debian, base }), title, request };
}

function goLanguage(request: GoRequest, versions: readonly string[], base: LayerId, architecture: string): GoLanguage {
  const version = goVersion(resolveVersion("Go", request.go, versions.map(semverOfGo)));
  const id = layerId("go", { GO_RECIPE, version, base, architecture });
  return { kind: "go", id, title: `go ${version}`, version, from: request.go.from, bootstrap: packagesLanguage(GO_BOOTSTRAP, base) };
}

/** Go writes 1.20 for the first release of a line up to 1.20, and 1.26rc1 for a release candidate. */
function semverOfGo(version: string): string {
  const [, number = "", candidate = ""] = /^([\d.]+)(.*)$/.exec(version) ?? [];
  const full = number.split(".").length === 2 ? `${number}.0` : number;
  return candidate === "" ? full : `${full}-${candidate}`;
}

function goVersion(version: string): string {
  const candidate = /^(\d+\.\d+)\.0-(.+)$/.exec(version);
  return candidate === null ? version : `${candidate[1]}${candidate[2]}`;
}

/** `@yarnpkg/cli-dist` is yarn to everybody. */
export function toolName(packageName: string): string {
  return packageName === "@yarnpkg/cli-dist" ? "yarn" : packageName;
}

/** What a step stands on, for its key and for the sentence that says what changed. */
export function runtimeInputs(languages: readonly Language[]): Readonly<Record<string, string>> {
  return Object.assign({}, ...languages.map(languageInputs));
}

function languageInputs(language: Language): Readonly<Record<string, string>> {
  switch (language.kind) {
    case "node":
      return { Node: language.node, npm: language.npm };
    case "npm-tool":
      return { [toolName(language.package)]: language.version };
    case "go":
      return { Go: language.version };
    case "nginx":
      return { nginx: language.id };
    case "packages":
      return packagesInputs(language);
  }
}

function packagesInputs({ id, request }: PackagesLanguage): Readonly<Record<string, string>> {
  if (request.chosen !== undefined) return { [request.chosen.language]: `${request.chosen.version} ${id}` };
  // A list that the app gives: which of its packages came or went.
  if (request.name === APP_PACKAGES)
    return Object.fromEntries(request.packages.map((name) => [`the package ${name}`, `recipe ${PACKAGES_RECIPE}`]));
  const [, name = request.title, version = ""] = /^(.*?)(?: (\d[\w.]*))?$/.exec(request.title) ?? [];
  return { [name]: `${version} ${id}`.trim() };
}

/** The runtime that takes its place in the next build. */
export function languageKey(language: Language): string {
  if (language.kind === "packages") return language.request.name;
  return language.kind === "npm-tool" ? language.package : language.kind;
}

/** `Node 24.21.0 (from .nvmrc)`: a chosen version carries its source. */
export function describeLanguage(language: Language): readonly string[] {
  switch (language.kind) {
    case "node":
      return [`Node ${language.node} (from ${language.from}), npm ${language.npm}`];
    case "npm-tool":
      return [`${language.title} (from ${language.from})`];
    case "go":
      return [`Go ${language.version} (from ${language.from})`];
    case "packages": {
      const { chosen } = language.request;
      return chosen === undefined ? [] : [`${chosen.language} ${chosen.version} (from ${chosen.from})`];
    }
    case "nginx":
      return [];
  }
}
