/** Since when an instance is up, as a file on tmpfs: labels are written before it is known, and adoption must not ask again. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface ReadyMark {
  readonly upSinceMs: number;
  /** Why it was out of the rotation when it was last seen; null: it was in it. */
  readonly unready: string | null;
}

export interface ReadyMarks {
  mark(id: string, mark: ReadyMark): void;
  /** null: it was never up. */
  of(id: string): ReadyMark | null;
  unmark(id: string): void;
  clear(): void;
}

export function createReadyMarks(runDirectory: string): ReadyMarks {
  const directory = join(runDirectory, "ready");
  return {
    mark: (id, { upSinceMs, unready }) => {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileSync(join(directory, id), `${upSinceMs}${unready === null ? "" : ` ${unready}`}`);
    },
    of: (id) => {
      try {
        const [upSinceMs = "", ...unready] = readFileSync(join(directory, id), "utf8").split(" ");
        return Number(upSinceMs) > 0 ? { upSinceMs: Number(upSinceMs), unready: unready.length === 0 ? null : unready.join(" ") } : null;
      } catch {
        return null;
      }
    },
    clear: () => rmSync(directory, { recursive: true, force: true }),
    unmark: (id) => rmSync(join(directory, id), { force: true }),
  };
}
