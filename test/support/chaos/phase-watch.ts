/** Which phase the newest deployment of a platform is in, read from its journal as it grows. */
import { type FSWatcher, readdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import type { Phase } from "../../../core/index.ts";

export interface PhaseWatch {
  /** null: none is under way. */
  now(): Phase | null;
  /** Resolves within a millisecond or so of its begin; false after the time. */
  begun(phase: Phase, withinMs: number): Promise<boolean>;
  close(): void;
}

export function watchPhases(dataDirectory: string): PhaseWatch {
  const directory = join(dataDirectory, "deployments");
  const now = () => phaseOf(newestJournal(directory));
  const waiting = new Set<() => void>();
  const watcher: FSWatcher = watch(directory, () => {
    for (const look of waiting) look();
  });
  return {
    now,
    begun: (phase, withinMs) =>
      new Promise((resolve) => {
        const end = (seen: boolean) => {
          clearTimeout(timer);
          waiting.delete(look);
          resolve(seen);
        };
        const look = () => {
          if (now() === phase) end(true);
        };
        const timer = setTimeout(() => end(false), withinMs);
        waiting.add(look);
      }),
    close: () => watcher.close(),
  };
}

function newestJournal(directory: string): string {
  const ids = readdirSync(directory).map((name) => Number.parseInt(name, 10));
  try {
    return readFileSync(join(directory, `${Math.max(...ids)}.ndjson`), "utf8");
  } catch {
    return "";
  }
}

/** The last one that began and has not finished. */
function phaseOf(journal: string): Phase | null {
  const marks = [...journal.matchAll(/^\{"kind":"(phase-started|phase-finished|failed)"(?:,"phase":"(\w+)")?/gm)];
  const last = marks.at(-1);
  return last?.[1] === "phase-started" ? (last[2] as Phase) : null;
}
