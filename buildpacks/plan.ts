/** BuildPlan: the ordered steps and layers that a buildpack asks for, as data. The builder resolves and runs it. */
import type { ImageConfig, Processes } from "../core/index.ts";
import type { SourceTree } from "./source-tree.ts";

/** A wish for a version, with where it was found; not yet a version that exists. */
export interface VersionRequest {
  /** semver range, or an exact version. */
  readonly range: string;
  /** `.nvmrc`, `engines.node in package.json`, `Pushboat's default`. */
  readonly from: string;
}

/** A layer of tools. Each is made once for a machine and shared by all apps. */
export type RuntimeRequest = NodeRequest | NginxRequest | PackagesRequest | NpmToolRequest | GoRequest;

export interface NodeRequest {
  readonly kind: "node";
  readonly node: VersionRequest;
  /** null: the one that belongs to the Node version. */
  readonly npm: VersionRequest | null;
  /** With the headers that native addons are compiled with; only for a build. */
  readonly headers?: true;
}

export interface NginxRequest {
  readonly kind: "nginx";
}

/** Debian packages on the base image, then a command: what most runtimes and all compilers are. */
export interface PackagesRequest {
  readonly kind: "packages";
  /** Begins the layer's id and names it among a step's inputs: `python`; [a-z]. */
  readonly name: string;
  readonly title: string;
  readonly packages: readonly string[];
  /** An older Debian that has what the base image's has not; its packages are only taken where there are no others. */
  readonly debian?: "bookworm";
  /** Run as root when the packages are there; what it writes outside /tmp is part of the layer. */
  readonly command?: string;
  /** For the reader; absent where it is no language. */
  readonly chosen?: { readonly language: string; readonly version: string; readonly from: string };
}

/** A command line tool from the npm registry, beside Node. */
export interface NpmToolRequest {
  readonly kind: "npm-tool";
  readonly package: string;
  readonly version: VersionRequest;
}

/** A Go toolchain, fetched through the module proxy by Debian's Go. */
export interface GoRequest {
  readonly kind: "go";
  readonly go: VersionRequest;
}

/** A package manager's downloads or a compiler's results: kept between builds of an app, never part of a layer. */
export interface CachePlan {
  /** Directory name on the host: `npm`, `uv`. */
  readonly name: string;
  /** Absolute, or relative to /app. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** The steps that have it; all of them where this is absent. */
  readonly steps?: readonly StepRole[];
}

/** A file or directory that a step sees. `withoutScripts`: a package.json whose `scripts` are left out. */
export interface SeenPath {
  readonly path: string;
  readonly withoutScripts?: true;
}

export type StepRole = "build-dependencies" | "dependencies" | "test-dependencies" | "build" | "prune";

/** `node/build`: the step of a buildpack that is not the last of several. */
export type StepName = StepRole | `${string}/${StepRole}`;

export interface StepPlan {
  readonly name: StepName;
  readonly kind: "dependencies" | "build";
  readonly title: string;
  /** Everything of the source that the step sees, and is keyed by. `tree`: all of it; its layer then lies above the app layer. */
  readonly sees: "tree" | readonly SeenPath[];
  /** Earlier steps whose layers it stands on. */
  readonly on: readonly StepName[];
  /** Run by /bin/sh -c in /app as the app user. */
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  /** Config of the environment that the step sees (`build.env` in pushboat.yml). */
  readonly configKeys?: readonly string[];
  readonly keeps: KeptOutput;
}

/** Paths are relative to /app. */
export type KeptOutput =
  | { readonly kind: "all"; readonly except: readonly string[] }
  | { readonly kind: "only"; readonly path: string }
  /** The first of these directories that the step wrote; it becomes /app/site. */
  | { readonly kind: "site"; readonly candidates: readonly string[] };

export interface BuildPlan {
  /** `Node.js`, `static files`; several: `Node.js + Python`. */
  readonly buildpack: string;
  /** Why it was chosen, for a reader: `package.json with a start script`. */
  readonly reason: string;
  /** What that means, for a reader: how the result is served. */
  readonly meaning?: string;
  /** What the steps run on, lowest first: compilers too. */
  readonly buildRuntime: readonly RuntimeRequest[];
  /** What the image runs on, lowest first. */
  readonly imageRuntime: readonly RuntimeRequest[];
  readonly caches: readonly CachePlan[];
  readonly steps: readonly StepPlan[];
  /** Steps that only tests need: made when there are tests, never part of the image. */
  readonly testSteps?: readonly StepPlan[];
  /** Steps whose layers are part of the image, in order. */
  readonly imageSteps: readonly StepName[];
  /** Whether the commit's files are part of the image. */
  readonly imageHasSource: boolean;
  readonly env: ImageConfig["env"];
  readonly processes: Processes;
  readonly warnings: readonly string[];
}

/** What docs/languages.md says of it, in sentences. */
export interface BuildpackFacts {
  /** Which versions there are, and which files choose. */
  readonly versions: string;
  /** Which lockfiles are read, by what. */
  readonly dependencies: string;
  /** What is kept between builds, and what makes a layer anew. */
  readonly reuse: string;
  /** Without a Procfile. */
  readonly start: string;
  /** What runs. */
  readonly image: string;
}

export interface Buildpack {
  /** What `build.buildpack` in pushboat.yml calls it. */
  readonly id: string;
  readonly name: string;
  /** What it looks for, for the message when nothing matches. */
  readonly looksFor: string;
  readonly facts: BuildpackFacts;
  /** null where the tree is not its kind. Pure; throws PushboatError for a tree of its kind that cannot be built. */
  plan(source: SourceTree): BuildPlan | null;
}
