/** Names of log files below one environment's directory, and the series (one writer, rotated) they belong to. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** `logs/<environment>/web.1.<container id>.log`; rotated: `….log.000001`, counting up. */
const INSTANCE_FILE = /^([a-z0-9_-]+\.[0-9]+)\.([a-z0-9-]+)\.log(?:\.(\d+))?$/;
/** Our own lines: `pushboat.log`, rotated likewise. Their source is in each line. */
const OWN_FILE = /^pushboat\.log(?:\.(\d+))?$/;

export interface Segment {
  readonly path: string;
  /** Rotations count up; the file that is written to comes last. */
  readonly order: number;
}

export interface Series {
  /** Path of the file that is written to: names the series. */
  readonly path: string;
  /** `app[web.1]`, `pushboat[router]`; null: each line says it itself. */
  readonly source: string | null;
}

export const CURRENT = Number.POSITIVE_INFINITY;

export function instanceFileName(name: string, id: string): string {
  return `${name}.${id}.log`;
}

export function rotatedName(path: string, number: number): string {
  return `${path}.${String(number).padStart(6, "0")}`;
}

export interface LogFileName {
  /** File name of the series' current file. */
  readonly current: string;
  readonly source: string | null;
  readonly order: number;
}

/** null: not a log of ours. */
export function parseLogFileName(fileName: string): LogFileName | null {
  const instance = INSTANCE_FILE.exec(fileName);
  if (instance !== null) return { current: unrotated(fileName), source: `app[${instance[1]}]`, order: order(instance[3]) };
  const own = OWN_FILE.exec(fileName);
  return own === null ? null : { current: unrotated(fileName), source: null, order: order(own[1]) };
}

/** All series of a directory; none where it does not exist. */
export function listSeries(directory: string): readonly Series[] {
  const series = new Map<string, Series>();
  for (const fileName of readNames(directory)) {
    const parsed = parseLogFileName(fileName);
    if (parsed === null) continue;
    const path = join(directory, parsed.current);
    series.set(path, { path, source: parsed.source });
  }
  return [...series.values()];
}

/** The files of one series that are there now, oldest first. */
export function listSegments(path: string): readonly Segment[] {
  const slash = path.lastIndexOf("/");
  const current = path.slice(slash + 1);
  return readNames(path.slice(0, slash))
    .filter((name) => name === current || (name.startsWith(`${current}.`) && /^\d+$/.test(name.slice(current.length + 1))))
    .map((name) => ({ path: join(path.slice(0, slash), name), order: order(name.slice(current.length + 1)) }))
    .sort((a, b) => a.order - b.order);
}

export interface FileFacts {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Sizes and ages of all log files of a directory. */
export function listFacts(directory: string): readonly FileFacts[] {
  return readNames(directory).flatMap((name) => {
    if (parseLogFileName(name) === null) return [];
    const path = join(directory, name);
    const facts = statSync(path, { throwIfNoEntry: false });
    return facts === undefined ? [] : [{ path, bytes: facts.size, modifiedMs: facts.mtimeMs }];
  });
}

function unrotated(fileName: string): string {
  return fileName.replace(/\.log\.\d+$/, ".log");
}

function order(digits: string | undefined): number {
  return digits === undefined || digits === "" ? CURRENT : Number(digits);
}

function readNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
