/** `logs`: the last lines of all files of an environment in order of time, then what is added. */
import { existsSync, statSync } from "node:fs";
import { setTimeout as sleep, setImmediate as yieldToOthers } from "node:timers/promises";
import type { LogLine, LogQuery } from "../../core/index.ts";
import { createChangeWaker } from "./change-waker.ts";
import { listSeries, type Series } from "./log-files.ts";
import { SeriesCursor, type SourcedLine } from "./series-cursor.ts";

/** Where an environment's lines are. */
export interface LogPlaces {
  readonly directory: string;
  readonly routerFile: string;
}

/** Read of one file in one go; with the pause below a follower takes at most some 12 MB/s, whatever an app writes. */
const PORTION_BYTES = 256 * 1024;
const PAUSE_WHEN_BUSY_MS = 20;

type Filter = Pick<LogQuery, "process">;

export async function* readLogs(places: LogPlaces, query: LogQuery): AsyncGenerator<LogLine> {
  const cursors = new Map<string, SeriesCursor>();
  try {
    openNew(places, query, cursors);
    const past = query.lines === null ? readAll(cursors) : readLast(cursors, query, query.lines);
    for await (const line of past) {
      if (query.signal.aborted) return;
      if (matches(query, line.source)) yield logLine(line);
    }
    if (query.follow) yield* follow(places, query, cursors);
  } finally {
    for (const cursor of cursors.values()) cursor.close();
  }
}

/** `web` matches app[web.1] and pushboat[web.1]; `web.1` the same; `router` pushboat[router]. */
export function matches(filter: Filter, source: string): boolean {
  if (filter.process === null) return true;
  const name = /\[(.*)\]$/.exec(source)?.[1] ?? source;
  return name === filter.process || name.startsWith(`${filter.process}.`);
}

/** By time; lines of one series keep their order. */
export function inOrder<T extends { readonly time: string }>(lines: readonly T[]): T[] {
  return [...lines].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

/** Cursors for the series that were not there before. */
function openNew(places: LogPlaces, filter: Filter, cursors: Map<string, SeriesCursor>): void {
  const router: Series = { path: places.routerFile, source: "pushboat[router]" };
  for (const series of [...listSeries(places.directory), router]) {
    if (cursors.has(series.path)) continue;
    if (series.source === null || matches(filter, series.source)) cursors.set(series.path, new SeriesCursor(series));
  }
}

/**
 * Newest files first. A file that was last written to before the oldest line we would show has nothing to add; a
 * follower's cursor is put at its end nevertheless.
 */
async function* readLast(cursors: ReadonlyMap<string, SeriesCursor>, filter: Filter, count: number): AsyncGenerator<SourcedLine> {
  const newestFirst = [...cursors.values()]
    .map((cursor) => ({ cursor, modifiedMs: statSync(cursor.series.path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.modifiedMs - a.modifiedMs);
  let last: SourcedLine[] = [];
  for (const { cursor, modifiedMs } of newestFirst) {
    const oldestMs = last.length < count ? 0 : Date.parse(last[0]?.time ?? "");
    const lines = cursor.tail(modifiedMs < oldestMs ? 0 : wantedFrom(cursor, filter, count));
    last = inOrder([...lines.filter((line) => matches(filter, line.source)), ...last]).slice(-count);
    await yieldToOthers();
  }
  if (count > 0) yield* last;
}

/** Our own file holds lines of all processes: with a filter more of it is looked at. */
function wantedFrom(cursor: SeriesCursor, filter: Filter, count: number): number {
  return cursor.series.source === null && filter.process !== null ? count * 10 : count;
}

/** All lines of all series: each is read in portions, the earliest line of any goes out first. */
async function* readAll(cursors: ReadonlyMap<string, SeriesCursor>): AsyncGenerator<SourcedLine> {
  const heads = [...cursors.values()].map((cursor) => ({ cursor, lines: [] as SourcedLine[], at: 0 }));
  for (;;) {
    for (const head of heads) if (head.at >= head.lines.length) await refill(head);
    const ready = heads.filter((head) => head.at < head.lines.length);
    const [first, ...others] = ready;
    if (first === undefined) return;
    const earliest = others.reduce((best, head) => (timeOf(head) < timeOf(best) ? head : best), first);
    const line = earliest.lines[earliest.at];
    earliest.at += 1;
    if (line !== undefined) yield line;
  }
}

interface Head {
  readonly cursor: SeriesCursor;
  lines: SourcedLine[];
  at: number;
}

async function refill(head: Head): Promise<void> {
  head.at = 0;
  head.lines = [];
  for (let lines = head.cursor.more(PORTION_BYTES); lines !== null && head.lines.length === 0; lines = head.cursor.more(PORTION_BYTES)) {
    head.lines = lines;
    if (lines.length > 0) break;
    await yieldToOthers();
  }
}

function timeOf(head: Head): string {
  return head.lines[head.at]?.time ?? "";
}

/** Ends with the signal, or when the environment's logs are removed. */
async function* follow(places: LogPlaces, query: LogQuery, cursors: Map<string, SeriesCursor>): AsyncGenerator<LogLine> {
  const waker = createChangeWaker(places.directory, query.signal);
  let existed = existsSync(places.directory);
  try {
    while (!query.signal.aborted) {
      const portions = [...cursors.values()].flatMap((cursor) => {
        const lines = cursor.more(PORTION_BYTES);
        return lines === null ? [] : [lines];
      });
      for (const line of inOrder(portions.flat())) if (matches(query, line.source)) yield logLine(line);
      if (portions.length > 0) await sleep(PAUSE_WHEN_BUSY_MS);
      else await waker.next();
      const exists = existsSync(places.directory);
      if (existed && !exists) return;
      existed = exists;
      openNew(places, query, cursors);
    }
  } finally {
    waker.close();
  }
}

function logLine(line: SourcedLine): LogLine {
  return { time: line.time, source: line.source, text: line.text };
}
