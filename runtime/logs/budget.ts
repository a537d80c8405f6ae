/** How big logs may become: when a file is rotated and which old files go. Pure. */
import type { FileFacts } from "./log-files.ts";

/** Of one environment, kept over deploys. */
export const ENVIRONMENT_BUDGET_BYTES = 50 * 1024 * 1024;
/** An app that crashes every 30 s makes a small file each time; a reader opens them all. */
export const ENVIRONMENT_BUDGET_FILES = 100;
const ROTATE_AT_BYTES = 10 * 1024 * 1024;
const ROTATE_AT_LEAST_BYTES = 1024 * 1024;

/** Many writers share the budget: together their current files take at most half of it. */
export function rotationBytes(writers: number): number {
  const share = ENVIRONMENT_BUDGET_BYTES / 2 / Math.max(1, writers);
  return Math.max(ROTATE_AT_LEAST_BYTES, Math.min(ROTATE_AT_BYTES, share));
}

/** Oldest first until the rest fits; files that are being written to stay. */
export function overBudget(files: readonly FileFacts[], written: ReadonlySet<string>): readonly string[] {
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  let count = files.length;
  const removed: string[] = [];
  for (const file of [...files].sort((a, b) => a.modifiedMs - b.modifiedMs)) {
    if (bytes <= ENVIRONMENT_BUDGET_BYTES && count <= ENVIRONMENT_BUDGET_FILES) break;
    if (written.has(file.path)) continue;
    removed.push(file.path);
    bytes -= file.bytes;
    count -= 1;
  }
  return removed;
}
