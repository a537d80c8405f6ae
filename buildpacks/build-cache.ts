/** Directories of an app that its next build reads again: kept between builds, part of no image. */
import type { CachePlan } from "./plan.ts";

/** In node_modules only a build step has it: installing replaces that as a whole, and cannot replace what is mounted in it. */
export function directoryCache(directory: string): CachePlan {
  const path = directory.replace(/\/+$/, "");
  return {
    name: `app-${encodeURIComponent(path)}`,
    directory: path,
    env: {},
    ...(path.startsWith("node_modules/") ? { steps: ["build"] } : {}),
  };
}
