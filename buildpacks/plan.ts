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

export type RuntimeRequest =
  /** npm: null is the one that belongs to the Node version. */
  { readonly kind: "node"; readonly node: VersionRequest; readonly npm: VersionRequest | null } | { readonly kind: "nginx" };

/** A file or directory at the root that a step sees. `withoutScripts`: a package.json whose `scripts` are left out. */
export interface SeenPath {
  readonly path: string;
  readonly withoutScripts?: true;
}

export interface StepPlan {
  readonly name: "build-dependencies" | "dependencies" | "build" | "prune";
  readonly kind: "dependencies" | "build";
  readonly title: string;
  /** Everything of the source that the step sees, and is keyed by. `tree`: all of it; its layer then lies above the app layer. */
  readonly sees: "tree" | readonly SeenPath[];
  /** Earlier steps whose layers it stands on. */
  readonly on: readonly StepPlan["name"][];
  /** Run by /bin/sh -c in /app as the app user. */
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly keeps: KeptOutput;
}

/** Paths are relative to /app. */
export type KeptOutput =
  | { readonly kind: "all"; readonly except: readonly string[] }
  | { readonly kind: "only"; readonly path: string }
  /** The first of these directories that the step wrote; it becomes /app/site. */
  | { readonly kind: "site"; readonly candidates: readonly string[] };

export interface BuildPlan {
  /** `Node.js`, `static site with a build`, `static files`. */
  readonly buildpack: string;
  /** Why it was chosen, for a reader: `package.json with a start script`. */
  readonly reason: string;
  /** What the steps run on; null where there are no steps. */
  readonly buildRuntime: RuntimeRequest | null;
  /** What the image runs on. */
  readonly imageRuntime: RuntimeRequest;
  readonly steps: readonly StepPlan[];
  /** Steps whose layers are part of the image, in order. */
  readonly imageSteps: readonly StepPlan["name"][];
  /** Whether the commit's files are part of the image. */
  readonly imageHasSource: boolean;
  readonly env: ImageConfig["env"];
  readonly processes: Processes;
  readonly warnings: readonly string[];
}

export interface Buildpack {
  readonly name: string;
  /** What it looks for, for the message when nothing matches. */
  readonly looksFor: string;
  /** null where the tree is not its kind. Pure; throws PushboatError for a tree of its kind that cannot be built. */
  plan(source: SourceTree): BuildPlan | null;
}
