/** Waits for the ends of containers: one watcher on the directory where conmon writes exit codes, and a look now and then in case it was missed. */
import { type FSWatcher, watch } from "node:fs";
import { readText } from "../kernel/process.ts";

export interface Exits {
  /** Resolves when `look` answers something; asked at once, when the container's exit code is written, and now and then. */
  until<T>(id: string, look: () => T | null, signal: AbortSignal): Promise<T>;
  close(): void;
}

/** inotify can lose events, and a killed conmon writes nothing. */
const LOOK_EVERY_MS = 500;
/** In turns: a hundred idle containers, all looked at each time, took 2 % of a core. */
const LOOKED_AT_ONCE = 20;

export function createExits(directory: string): Exits {
  const looks = new Map<string, Set<() => void>>();
  let watcher: FSWatcher | null = null;
  let timer: NodeJS.Timeout | null = null;

  const start = (): void => {
    watcher ??= watch(directory, { persistent: false }, (_event, name) => {
      for (const look of looks.get(name ?? "") ?? []) look();
    });
    timer ??= setInterval(() => {
      for (const [id, set] of [...looks].slice(0, LOOKED_AT_ONCE)) {
        // To the end of the line.
        looks.delete(id);
        looks.set(id, set);
        for (const look of [...set]) look();
      }
    }, LOOK_EVERY_MS);
  };
  const rest = (): void => {
    if (looks.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };

  return {
    until: (id, look, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        start();
        const set = looks.get(id) ?? new Set();
        looks.set(id, set);
        const leave = (): void => {
          set.delete(ask);
          if (set.size === 0) looks.delete(id);
          signal.removeEventListener("abort", abort);
          rest();
        };
        const ask = (): void => {
          const found = look();
          if (found === null) return;
          leave();
          resolve(found);
        };
        const abort = (): void => {
          leave();
          reject(signal.reason);
        };
        set.add(ask);
        signal.addEventListener("abort", abort);
        ask();
      }),
    close() {
      watcher?.close();
      watcher = null;
      if (timer !== null) clearInterval(timer);
      timer = null;
    },
  };
}

/** The exit code that conmon wrote; null where it has not (yet). */
export function writtenExitCode(directory: string, id: string): number | null {
  const text = readText(`${directory}/${id}`)?.trim();
  return text === undefined || text === "" ? null : Number(text);
}
