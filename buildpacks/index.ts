/** Buildpacks: each knows one kind of application. Data and pure functions; the builder has the effects. */
import { go } from "./go.ts";
import { java } from "./java.ts";
import { node } from "./node.ts";
import { php } from "./php.ts";
import type { Buildpack } from "./plan.ts";
import { python } from "./python.ts";
import { ruby } from "./ruby.ts";
import { rust } from "./rust.ts";
import { staticFiles } from "./static.ts";
import { staticBuild } from "./static-build.ts";

/** The first that takes the tree is used, so the order matters. */
export const BUILDPACKS: readonly Buildpack[] = [
  // Before Node: JHipster and the like keep a package.json with a start script, for a developer, beside the server that is Java's.
  java,
  // The same: Rails has a package.json for its assets. A Gemfile alone, of tools, is not taken from a Node app.
  ruby,
  // And Laravel's or WordPress' package.json is for assets too: an index.php where pages are served from is PHP's.
  php,
  // Something to start is the clearest sign; a build script then makes the server's assets.
  node,
  // Before sites: a server often has a package.json with a build script for its assets.
  go,
  python,
  rust,
  // A build script and nothing to start: the output is the site. Before plain files, as Vite keeps an index.html in the root.
  staticBuild,
  // Only files. Last: many applications hold an index.html somewhere.
  staticFiles,
];

export { choosePlan } from "./choose.ts";
export { APP_PACKAGES } from "./debian.ts";
export { GO_BOOTSTRAP } from "./go-version.ts";
export { npmOfNode, resolveNode, resolveVersion } from "./node-version.ts";
export { withoutScripts } from "./package-json.ts";
export type {
  BuildPlan,
  Buildpack,
  CachePlan,
  GoRequest,
  KeptOutput,
  PackagesRequest,
  RuntimeRequest,
  StepName,
  StepPlan,
} from "./plan.ts";
export { type BuildSettings, readBuildSettings } from "./settings.ts";
export {
  COMMAND_DIRECTORIES,
  LOCK_FILES,
  MANIFESTS,
  MAX_LISTED_DIRECTORIES,
  PARENT_DIRECTORIES,
  READ_FILES,
  READ_NAMES,
  type SourceTree,
  UNLISTED_DIRECTORIES,
} from "./source-tree.ts";
export { SERVE_STATIC } from "./static.ts";
export { isWorkspaceMember } from "./workspace-member.ts";
