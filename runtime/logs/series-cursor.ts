/**
 * A place in a series of log files that only moves forward. Rotation (ours by rename, conmon's at its own limit, the
 * router's) loses nothing: what is open is read to its end after its successor has appeared, then the successor.
 */
import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { LineDecoder, type TimedLine } from "./k8s-lines.ts";
import { listSegments, type Segment, type Series } from "./log-files.ts";
import { tailStart } from "./tail-start.ts";

export interface SourcedLine extends TimedLine {
  readonly source: string;
}

const CHUNK_BYTES = 64 * 1024;
/** Our own file: `pushboat[web.1] text`; the source stands in the line. */
const OWN_LINE = /^(pushboat\[[^\]]*\]) (.*)$/s;

interface Open {
  readonly fd: number;
  readonly inode: number;
  offset: number;
}

export class SeriesCursor {
  readonly series: Series;
  readonly #decoder = new LineDecoder();
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #open: Open | null = null;

  constructor(series: Series) {
    this.series = series;
  }

  /** The last lines of the series, at most so many; the cursor is at the end then. */
  tail(lines: number): SourcedLine[] {
    const segments = listSegments(this.series.path);
    let last: SourcedLine[] = [];
    for (const segment of [...segments].reverse()) {
      if (last.length >= lines && this.#open !== null) break;
      last = [...this.#tailOf(segment, lines - last.length), ...last];
    }
    return lines === 0 ? [] : last.slice(-lines);
  }

  /** The next lines, from at most so many bytes; null: there is nothing new now. */
  more(maxBytes: number): SourcedLine[] | null {
    if (this.#open === null && !this.#openNext()) return null;
    const lines: TimedLine[] = [];
    let left = maxBytes;
    while (left > 0) {
      const read = this.#read();
      if (read !== null) {
        left -= read.length;
        for (const line of this.#decoder.push(read)) lines.push(line);
      } else if (!this.#advance(lines)) break;
    }
    return left === maxBytes && lines.length === 0 ? null : lines.map((line) => this.#sourced(line));
  }

  /** An unfinished last line of a writer that is gone. */
  flush(): SourcedLine[] {
    return this.#decoder.flush().map((line) => this.#sourced(line));
  }

  close(): void {
    if (this.#open !== null) closeSync(this.#open.fd);
    this.#open = null;
  }

  /** The newest segment stays open, at its end; older ones are only looked at. */
  #tailOf(segment: Segment, lines: number): SourcedLine[] {
    const fd = openOrNull(segment.path);
    if (fd === null) return [];
    const facts = fstatSync(fd);
    const newest = this.#open === null;
    const decoder = newest ? this.#decoder : new LineDecoder();
    const found: TimedLine[] = [];
    let offset = tailStart(fd, facts.size, lines);
    while (offset < facts.size) {
      const length = readSync(fd, this.#chunk, 0, Math.min(CHUNK_BYTES, facts.size - offset), offset);
      if (length === 0) break;
      offset += length;
      for (const line of decoder.push(Buffer.from(this.#chunk.subarray(0, length)))) found.push(line);
    }
    if (newest) this.#open = { fd, inode: facts.ino, offset };
    else closeSync(fd);
    return found.map((line) => this.#sourced(line));
  }

  #read(): Buffer | null {
    const open = this.#open;
    if (open === null) return null;
    const length = readSync(open.fd, this.#chunk, 0, CHUNK_BYTES, open.offset);
    if (length === 0) return null;
    open.offset += length;
    return Buffer.from(this.#chunk.subarray(0, length));
  }

  /** Goes on to the next file when there is one; first what was written between our last read and its appearance. */
  #advance(lines: TimedLine[]): boolean {
    const open = this.#open;
    if (open === null) return false;
    const current = statSync(this.series.path, { throwIfNoEntry: false });
    if (current?.ino === open.inode) return false;
    for (let read = this.#read(); read !== null; read = this.#read()) for (const line of this.#decoder.push(read)) lines.push(line);
    return this.#openNext();
  }

  #openNext(): boolean {
    const segments = listSegments(this.series.path);
    const next = this.#open === null ? segments[0] : this.#successor(segments, this.#open);
    const fd = next === undefined ? null : openOrNull(next.path);
    if (fd === null) return false;
    this.close();
    this.#open = { fd, inode: fstatSync(fd).ino, offset: 0 };
    return true;
  }

  /** The file after ours; where ours is gone (over the budget), the oldest that was written to after it. */
  #successor(segments: readonly Segment[], open: Open): Segment | undefined {
    const facts = segments.map((segment) => ({ segment, stats: statSync(segment.path, { throwIfNoEntry: false }) }));
    const ours = facts.findIndex((one) => one.stats?.ino === open.inode);
    if (ours >= 0) return facts[ours + 1]?.segment;
    const ourTimeMs = fstatSync(open.fd).mtimeMs;
    return facts.find((one): one is { segment: Segment; stats: Stats } => (one.stats?.mtimeMs ?? 0) >= ourTimeMs)?.segment;
  }

  #sourced(line: TimedLine): SourcedLine {
    if (this.series.source !== null) return { ...line, source: this.series.source };
    const own = OWN_LINE.exec(line.text);
    return { ...line, source: own?.[1] ?? "pushboat", text: own?.[2] ?? line.text };
  }
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
