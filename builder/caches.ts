/** Mutable caches of builds: package managers' downloads, compilers' results. Per app, and production's apart from the branches'. */
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { CachePlan } from "../buildpacks/index.ts";
import { APP_GID, APP_HOME, APP_UID, type BuildRequest, type SandboxBind } from "../core/index.ts";
import type { Parts } from "./parts.ts";

export interface OpenCaches {
  readonly binds: readonly SandboxBind[];
  /** Directories below /app that something is mounted on. */
  readonly inApp: readonly string[];
}

/** Branches share one cache that production never reads: whoever may push a branch cannot plant a package in production. */
export async function openCaches(
  parts: Pick<Parts, "dataDirectory">,
  { app, environment }: Pick<BuildRequest, "app" | "environment">,
  caches: readonly CachePlan[],
): Promise<OpenCaches> {
  const kind = environment === (app as string) ? "production" : "branches";
  const binds = caches.map(({ name, directory }) => {
    const source = join(parts.dataDirectory, "cache", name, app, kind);
    mkdirSync(source, { recursive: true, mode: 0o711 });
    chownSync(source, APP_UID, APP_GID);
    return { source, target: isAbsolute(directory) ? directory : join(APP_HOME, directory), readOnly: false };
  });
  return { binds, inApp: caches.filter(({ directory }) => !isAbsolute(directory)).map(({ directory }) => directory) };
}

/** Mount points below /app, owned by the app user, as a directory that lies below what the step writes. */
export function layOutMountPoints(directory: string, inApp: readonly string[]): void {
  const paths = new Set(inApp.flatMap((path) => path.split("/").map((_, index, parts) => join("app", ...parts.slice(0, index + 1)))));
  for (const path of ["app", ...[...paths].sort()]) {
    mkdirSync(join(directory, path), { recursive: true });
    chmodSync(join(directory, path), 0o755);
    chownSync(join(directory, path), APP_UID, APP_GID);
  }
}
