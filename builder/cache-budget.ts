/** Caches are kept to a byte budget: the least recently used go first, never one that a build may have open. */
import { mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { OPENED_MS } from "./cache-sweep.ts";
import { diskUsage } from "./disk-usage.ts";

export interface MeasuredCache {
  readonly path: string;
  /** When a build step last opened it. */
  readonly openedMs: number;
  readonly bytes: number;
}

/** Pure. What has to go, oldest first, so that the rest fits; what was opened lately stays even where it does not. */
export function cachesOverBudget(caches: readonly MeasuredCache[], budgetBytes: number, nowMs: number): readonly string[] {
  let total = caches.reduce((sum, { bytes }) => sum + bytes, 0);
  const gone: string[] = [];
  for (const { path, openedMs, bytes } of [...caches].sort((a, b) => a.openedMs - b.openedMs)) {
    if (total <= budgetBytes || nowMs - openedMs <= OPENED_MS) break;
    gone.push(path);
    total -= bytes;
  }
  return gone;
}

export interface CacheBudget {
  readonly dataDirectory: string;
  readonly budgetBytes: number;
  readonly nowMs: number;
  /** Where they wait for their removal: on the same filesystem. */
  readonly doomed: string;
}

export async function condemnCaches({ dataDirectory, budgetBytes, nowMs, doomed }: CacheBudget): Promise<void> {
  const paths = cacheDirectories(join(dataDirectory, "cache"));
  if (paths.length === 0) return;
  const bytesOf = await diskUsage(paths);
  // Without an await from the look at the times until all are out of the way: no build can open what is about to go.
  const measured = paths.map((path) => ({ path, openedMs: statSync(path).ctimeMs, bytes: bytesOf.get(path) ?? 0 }));
  mkdirSync(doomed, { recursive: true });
  for (const [index, path] of cachesOverBudget(measured, budgetBytes, nowMs).entries()) renameSync(path, join(doomed, `cache-${index}`));
}

/** cache/KIND/APP/{production,branches} */
function cacheDirectories(top: string, depth = 3): readonly string[] {
  if (depth === 0) return [top];
  return directories(top).flatMap((name) => cacheDirectories(join(top, name), depth - 1));
}

function directories(path: string): readonly string[] {
  const entries = statSync(path, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(path, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}
