/**
 * conmon's k8s-file format, also that of our own and the router's files (Kubernetes' CRI log format):
 * `2026-08-01T10:00:00.123456789+02:00 stdout F text`, P instead of F where the line goes on.
 */
import { cleanText, cutAt, escapeControls, MAX_LINE_BYTES } from "./log-text.ts";

export interface TimedLine {
  /** `2026-08-01T10:00:00.123456+00:00`: sorts as text. */
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)$/;

interface Pending {
  readonly time: string;
  bytes: Buffer;
}

/** Bytes in any portions in, whole lines out: keeps an unfinished line of each stream until its end comes. */
export class LineDecoder {
  #rest: Buffer = Buffer.alloc(0);
  readonly #pending = new Map<string, Pending>();

  push(chunk: Buffer): TimedLine[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const lines: TimedLine[] = [];
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE, from); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      this.#raw(bytes.subarray(from, end), lines);
      from = end + 1;
    }
    this.#rest = Buffer.from(bytes.subarray(from));
    return lines;
  }

  /** Bytes that were read and belong to a raw line without its newline yet. */
  get restBytes(): number {
    return this.#rest.length;
  }

  /** What has no end and never will (its writer is gone). */
  flush(): TimedLine[] {
    const lines: TimedLine[] = [];
    for (const stream of [...this.#pending.keys()]) this.#finish(stream, lines);
    return lines;
  }

  #raw(raw: Buffer, lines: TimedLine[]): void {
    const head = splitHead(raw);
    if (head === null) return;
    const pending = this.#pending.get(head.stream);
    const bytes = pending === undefined ? head.content : Buffer.concat([pending.bytes, head.content]);
    this.#pending.set(head.stream, { time: pending?.time ?? head.time, bytes });
    this.#split(head.stream, lines);
    if (head.final) this.#finish(head.stream, lines);
  }

  #split(stream: string, lines: TimedLine[]): void {
    const pending = this.#pending.get(stream);
    while (pending !== undefined && pending.bytes.length > MAX_LINE_BYTES) {
      const at = cutAt(pending.bytes);
      lines.push(timedLine(pending.time, stream, pending.bytes.subarray(0, at)));
      pending.bytes = pending.bytes.subarray(at);
    }
  }

  #finish(stream: string, lines: TimedLine[]): void {
    const pending = this.#pending.get(stream);
    this.#pending.delete(stream);
    if (pending !== undefined) lines.push(timedLine(pending.time, stream, pending.bytes));
  }
}

/** Microseconds and UTC, whatever the writer's zone. null: not a time. */
export function normalTime(text: string): string | null {
  const match = TIME.exec(text);
  if (match === null) return null;
  const [, seconds = "", fraction = "", zone = ""] = match;
  const micros = fraction.padEnd(6, "0").slice(0, 6);
  if (/^(Z|[+-]00:?00)$/.test(zone)) return `${seconds}.${micros}+00:00`;
  const ms = Date.parse(`${seconds}${zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone}`);
  return `${new Date(ms).toISOString().slice(0, 19)}.${micros}+00:00`;
}

/** One raw line for a file of ours. */
export function formatLine(timeMs: number, text: string): string {
  return `${new Date(timeMs).toISOString().replace("Z", "000+00:00")} stdout F ${escapeControls(text)}\n`;
}

function timedLine(time: string, stream: string, bytes: Buffer): TimedLine {
  return { time: normalTime(time) ?? time, stream: stream === "stderr" ? "stderr" : "stdout", text: cleanText(bytes) };
}

/** null: a line that was cut off at its beginning (a reader that began in its middle) or is not of this format. */
function splitHead(raw: Buffer): { time: string; stream: string; final: boolean; content: Buffer } | null {
  const first = raw.indexOf(SPACE);
  const second = raw.indexOf(SPACE, first + 1);
  if (first < 20 || second !== first + 7 || raw[second + 2] !== SPACE) return null;
  const stream = raw.toString("latin1", first + 1, second);
  const tag = raw.toString("latin1", second + 1, second + 2);
  const time = raw.toString("latin1", 0, first);
  if ((stream !== "stdout" && stream !== "stderr") || (tag !== "F" && tag !== "P") || !TIME.test(time)) return null;
  return { time, stream, final: tag === "F", content: raw.subarray(second + 3) };
}
