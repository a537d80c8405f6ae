/** Who writes into which log file, and the one timer that rotates them by size. */
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { overBudget, rotationBytes } from "./budget.ts";
import { CURRENT, listFacts, listSegments, rotatedName } from "./log-files.ts";

export interface LogWriters {
  /** A file that will be written to; reopen makes its writer go on in a new one after a rename. */
  add(path: string, reopen: () => Promise<void>): void;
  remove(path: string): void;
  /** Everything below a directory: it is going to be removed. */
  removeAll(directory: string): void;
  close(): void;
}

/** Sizes are read once a second, of files that are written to; conmon's own limit stops what fills faster. */
const CHECK_EVERY_MS = 1_000;

export function createLogWriters(complain: (what: string, error: unknown) => void): LogWriters {
  const writers = new Map<string, () => Promise<void>>();
  const timer = setInterval(() => attempt("rotating logs", check), CHECK_EVERY_MS).unref();

  /** A full disk must not end control. */
  function attempt(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      complain(what, error);
    }
  }

  function check(): void {
    for (const [directory, paths] of Map.groupBy(writers.keys(), dirname)) {
      const limit = rotationBytes(paths.length);
      const full = paths.filter((path) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= limit);
      for (const path of full) rotate(path).catch((error) => complain(`rotating ${path}`, error));
      if (full.length > 0) trim(directory);
    }
  }

  async function rotate(path: string): Promise<void> {
    const newest = listSegments(path).findLast((segment) => segment.order !== CURRENT);
    renameSync(path, rotatedName(path, (newest?.order ?? 0) + 1));
    await writers.get(path)?.();
  }

  function trim(directory: string): void {
    for (const path of overBudget(listFacts(directory), new Set(writers.keys()))) rmSync(path, { force: true });
  }

  return {
    add: (path, reopen) => {
      if (writers.has(path)) return;
      writers.set(path, reopen);
      attempt(`making room for ${path}`, () => {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        trim(dirname(path));
      });
    },
    remove: (path) => writers.delete(path),
    removeAll: (directory) => {
      for (const path of writers.keys()) if (dirname(path) === directory) writers.delete(path);
    },
    close: () => clearInterval(timer),
  };
}
