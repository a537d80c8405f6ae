/** Download caches of apps that are gone. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** A cache that was opened within this time may belong to an app's first build; every step opens its caches anew, and a step has 15 minutes. */
export const OPENED_MS = 30 * 60_000;

export interface AppCache {
  readonly app: string;
  readonly path: string;
  /** When a build step last opened it. */
  readonly openedMs: number;
}

/** Pure. `lastBuilds`: file names of what environments built last; an app with one of them is alive. */
export function abandonedCaches(caches: readonly AppCache[], lastBuilds: readonly string[], nowMs: number): readonly string[] {
  const living = new Set(lastBuilds.map((file) => file.replace(/\.json$/, "").split("%40")[0]));
  return caches.filter(({ app, openedMs }) => !living.has(app) && nowMs - openedMs > OPENED_MS).map(({ path }) => path);
}

/** cache/KIND/APP, each with a directory for production and one for branches; opening one sets its owner, and so its ctime. */
export function appCaches(dataDirectory: string): readonly AppCache[] {
  const top = join(dataDirectory, "cache");
  return directories(top).flatMap((kind) =>
    directories(join(top, kind)).map((app) => {
      const path = join(top, kind, app);
      const opened = [path, ...directories(path).map((name) => join(path, name))].map((opened) => statSync(opened).ctimeMs);
      return { app, path, openedMs: Math.max(...opened) };
    }),
  );
}

function directories(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
