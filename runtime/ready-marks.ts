/** Since when an instance is up, as a file on tmpfs: labels are written before it is known, and adoption must not ask again. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface ReadyMarks {
  mark(id: string, sinceMs: number): void;
  /** null: it was never up. */
  sinceMs(id: string): number | null;
  unmark(id: string): void;
  clear(): void;
}

export function createReadyMarks(runDirectory: string): ReadyMarks {
  const directory = join(runDirectory, "ready");
  return {
    mark: (id, sinceMs) => {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileSync(join(directory, id), String(sinceMs));
    },
    sinceMs: (id) => {
      try {
        return Number(readFileSync(join(directory, id), "latin1")) || null;
      } catch {
        return null;
      }
    },
    clear: () => rmSync(directory, { recursive: true, force: true }),
    unmark: (id) => rmSync(join(directory, id), { force: true }),
  };
}
