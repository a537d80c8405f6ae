/** The events of each deployment: kept in a file, followed live by whoever pushed or attached. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DeployEvent, EventSink } from "../core/index.ts";

/** What one deployment may write; a build that prints without end must not fill the disk. */
const MAX_JOURNAL_BYTES = 8 * 1024 * 1024;

export interface Journal {
  /** A sink that keeps the deployment's events and passes them on. Never throws: neither a full disk nor a follower that is gone fails a deployment. */
  sink(id: number): EventSink;
  /** The deployment has ended: whoever waits is told. */
  finish(id: number): void;
  /** All events so far, oldest first. */
  events(id: number): readonly DeployEvent[];
  /** Replays, then follows; resolves at the end of the deployment, or when the signal aborts. ended: whether it has ended already. */
  follow(id: number, onEvent: EventSink, ended: () => boolean, signal: AbortSignal): Promise<void>;
  remove(id: number): void;
}

export function createJournal(dataDirectory: string, complain: (what: string, error: unknown) => void): Journal {
  const directory = join(dataDirectory, "deployments");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const listeners = new Map<number, Set<EventSink>>();
  const waiters = new Map<number, Set<() => void>>();
  const file = (id: number) => join(directory, `${id}.ndjson`);
  const events = (id: number): readonly DeployEvent[] => {
    if (!existsSync(file(id))) return [];
    return readFileSync(file(id), "utf8").split("\n").flatMap(parseEvent);
  };
  const unharmed = (what: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      complain(what, error);
    }
  };

  return {
    sink(id) {
      let bytes = existsSync(file(id)) ? statSync(file(id)).size : 0;
      return (event) => {
        const line = `${JSON.stringify(event)}\n`;
        bytes += line.length;
        if (bytes <= MAX_JOURNAL_BYTES || event.kind !== "output")
          unharmed("keeping an event", () => appendFileSync(file(id), line, { mode: 0o600 }));
        for (const listener of listeners.get(id) ?? []) unharmed("passing an event on", () => listener(event));
      };
    },
    finish(id) {
      for (const resolve of waiters.get(id) ?? []) resolve();
      waiters.delete(id);
      listeners.delete(id);
    },
    events,
    follow(id, onEvent, ended, signal) {
      for (const event of events(id)) onEvent(event);
      if (ended() || signal.aborted) return Promise.resolve();
      const sinks = listeners.get(id) ?? new Set();
      const ends = waiters.get(id) ?? new Set();
      listeners.set(id, sinks.add(onEvent));
      return new Promise((resolve) => {
        const leave = () => {
          sinks.delete(onEvent);
          ends.delete(leave);
          signal.removeEventListener("abort", leave);
          resolve();
        };
        waiters.set(id, ends.add(leave));
        signal.addEventListener("abort", leave);
      });
    },
    remove: (id) => rmSync(file(id), { force: true }),
  };
}

/** A line that was torn when the machine went, with whatever was appended to it later, is left out. */
function parseEvent(line: string): readonly DeployEvent[] {
  try {
    return line === "" ? [] : [JSON.parse(line) as DeployEvent];
  } catch {
    return [];
  }
}
