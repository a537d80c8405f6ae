/** Logs of environments: written by conmon, by the router and by us; read as one. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type EnvironmentName, environmentFileName, type LogLine, type LogQuery, type Settings } from "../../core/index.ts";
import { instanceFileName } from "./log-files.ts";
import { type LogPlaces, readLogs } from "./log-query.ts";
import { createLogWriters } from "./log-writers.ts";
import { appendOwnLines, OWN_FILE_NAME } from "./own-lines.ts";
import { SeriesCursor, type SourcedLine } from "./series-cursor.ts";

export interface Logs {
  /** Where a container's output goes; from now on it is rotated by size. */
  instanceFile(environment: EnvironmentName, name: string, id: string): string;
  /** The same for one that writes already (adoption). */
  adoptFile(logFile: string, id: string): void;
  /** Nothing is written there any more. */
  ended(logFile: string): void;
  /** Removes a file that has nothing to show. */
  discard(logFile: string): void;
  /** A line of ours. */
  write(environment: EnvironmentName, source: string, text: string): void;
  query(query: LogQuery): AsyncIterable<LogLine>;
  lastLines(logFile: string, count: number): readonly string[];
  /** Hands on each line as it is written, until `over` resolved and all was read. */
  stream(logFile: string, onLine: (line: SourcedLine) => void, over: Promise<unknown>): Promise<void>;
  removeEnvironment(environment: EnvironmentName): void;
  close(): void;
}

export interface LogsOptions {
  readonly settings: Pick<Settings, "dataDirectory">;
  readonly now: () => number;
  /** Makes a container's monitor go on in a new file. */
  readonly reopen: (id: string) => Promise<void>;
  readonly complain: (what: string, error: unknown) => void;
}

const STREAM_PORTION_BYTES = 256 * 1024;
const STREAM_EVERY_MS = 20;

export function createLogs(options: LogsOptions): Logs {
  const { settings, now, reopen, complain } = options;
  const writers = createLogWriters(complain);

  const places = (environment: EnvironmentName): LogPlaces => ({
    directory: join(settings.dataDirectory, "logs", environmentFileName(environment)),
    routerFile: join(settings.dataDirectory, "router-logs", `${environmentFileName(environment)}.log`),
  });

  return {
    instanceFile: (environment, name, id) => {
      const path = join(places(environment).directory, instanceFileName(name, id));
      writers.add(path, () => reopen(id));
      return path;
    },
    adoptFile: (logFile, id) => writers.add(logFile, () => reopen(id)),
    ended: (logFile) => writers.remove(logFile),
    discard: (logFile) => rmSync(logFile, { force: true }),
    write: (environment, source, text) => {
      const path = join(places(environment).directory, OWN_FILE_NAME);
      try {
        writers.add(path, async () => {});
        appendOwnLines(path, now(), source, text);
      } catch (error) {
        complain(`writing a line into the log of ${environment}`, error);
      }
    },
    query: (query) => readLogs(places(query.environment), query),
    lastLines: (logFile, count) => {
      const cursor = new SeriesCursor({ path: logFile, source: "app" });
      const lines = [...cursor.tail(count), ...cursor.flush()];
      cursor.close();
      return lines.slice(-count).map((line) => line.text);
    },
    stream: (logFile, onLine, over) => streamFile(logFile, onLine, over),
    removeEnvironment: (environment) => {
      const { directory, routerFile } = places(environment);
      writers.removeAll(directory);
      for (const path of [directory, routerFile, `${routerFile}.1`]) rmSync(path, { recursive: true, force: true });
    },
    close: () => writers.close(),
  };
}

async function streamFile(logFile: string, onLine: (line: SourcedLine) => void, over: Promise<unknown>): Promise<void> {
  const cursor = new SeriesCursor({ path: logFile, source: "app" });
  let ended = false;
  const end = over
    .catch(() => {})
    .then(() => {
      ended = true;
    });
  try {
    for (;;) {
      const last = ended;
      const lines = cursor.more(STREAM_PORTION_BYTES);
      for (const line of lines ?? []) onLine(line);
      if (lines === null && last) break;
      if (lines === null) await Promise.race([end, sleep(STREAM_EVERY_MS)]);
    }
    for (const line of cursor.flush()) onLine(line);
  } finally {
    cursor.close();
  }
}
