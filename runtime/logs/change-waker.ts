/** Wakes a follower when something in a directory changes: inotify, and a poll for what it does not tell. */
import { type FSWatcher, watch } from "node:fs";

/** For the router's file, which lies elsewhere, and for events that were lost. */
const POLL_MS = 200;
/** A busy writer raises thousands of events a second: they are taken together. */
const GATHER_MS = 10;

export interface ChangeWaker {
  /** Resolves at the next change, poll or end of the signal. */
  next(): Promise<void>;
  close(): void;
}

export function createChangeWaker(directory: string, signal: AbortSignal): ChangeWaker {
  let wake: () => void = () => {};
  let dirty = false;
  let gathering: NodeJS.Timeout | null = null;
  const changed = (): void => {
    dirty = true;
    gathering ??= setTimeout(() => {
      gathering = null;
      wake();
    }, GATHER_MS);
  };
  let watcher = openWatcher(directory, changed);
  const onAbort = (): void => wake();
  signal.addEventListener("abort", onAbort);
  return {
    next: async () => {
      watcher ??= openWatcher(directory, changed);
      if (dirty && gathering === null) dirty = false;
      else
        await new Promise<void>((resolve) => {
          const poll = setTimeout(resolve, POLL_MS);
          wake = () => {
            clearTimeout(poll);
            dirty = false;
            resolve();
          };
          if (signal.aborted) wake();
        });
      wake = () => {};
    },
    close: () => {
      signal.removeEventListener("abort", onAbort);
      if (gathering !== null) clearTimeout(gathering);
      watcher?.close();
    },
  };
}

/** null where the directory is not there (yet). */
function openWatcher(directory: string, changed: () => void): FSWatcher | null {
  try {
    const watcher = watch(directory, { persistent: false }, changed);
    watcher.on("error", () => {});
    return watcher;
  } catch {
    return null;
  }
}
