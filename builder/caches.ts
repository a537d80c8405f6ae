/** Mutable caches of builds: package managers' downloads, compilers' results. Per app, and production's apart from the branches'. */
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { CachePlan } from "../buildpacks/index.ts";
import { APP_GID, APP_HOME, APP_UID, type BuildRequest, type SandboxBind } from "../core/index.ts";
import { runOnHost } from "./host-command.ts";
import type { Parts } from "./parts.ts";

export interface OpenCaches {
  readonly binds: readonly SandboxBind[];
  /** Directories below /app that something is mounted on. */
  readonly inApp: readonly string[];
}

/**
 * Branches share one cache that production never reads: whoever may push a branch cannot plant a package in production. It
 * begins as a copy of production's.
 */
export async function openCaches(
  parts: Pick<Parts, "dataDirectory" | "store">,
  { app, environment }: Pick<BuildRequest, "app" | "environment">,
  caches: readonly CachePlan[],
): Promise<OpenCaches> {
  const kind = environment === (app as string) ? "production" : "branches";
  const binds: SandboxBind[] = [];
  for (const { name, directory } of caches) {
    const ofApp = join(parts.dataDirectory, "cache", name, app);
    const source = join(ofApp, kind);
    mkdirSync(ofApp, { recursive: true, mode: 0o711 });
    if (kind === "branches" && !existsSync(source)) await copyCache(parts, join(ofApp, "production"), source);
    mkdirSync(source, { recursive: true, mode: 0o711 });
    chownSync(source, APP_UID, APP_GID);
    binds.push({ source, target: isAbsolute(directory) ? directory : join(APP_HOME, directory), readOnly: false });
  }
  return { binds, inApp: caches.filter(({ directory }) => !isAbsolute(directory)).map(({ directory }) => directory) };
}

/** A cache is worth no more than downloading it again takes. */
const COPY_TIMEOUT_MS = 60_000;

/**
 * Blocks are shared where the filesystem can (reflink), else copied; never a hard link, through which a branch would write into
 * production's files. An overlay cannot be mounted with owners of the sandbox's. A copy that did not come whole (production's
 * build moved files meanwhile) is given up: the branch then starts from nothing.
 */
async function copyCache({ store }: Pick<Parts, "store">, from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  const draft = store.draft("cache");
  const copy = join(draft, "copy");
  try {
    await runOnHost({ argv: ["cp", "--archive", "--reflink=auto", from, copy], timeoutMs: COPY_TIMEOUT_MS });
    renameSync(copy, to); // fails where another build of a branch was first: then that one's is used
  } catch {
    // Only slower.
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
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
