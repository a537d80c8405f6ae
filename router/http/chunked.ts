/** The chunked coding (RFC 9112 section 7.1), strictly: chunk extensions are dropped, trailers too where nobody wants them, every doubt is refused. */
import { BadMessage } from "./bad-message.ts";
import type { Body, Scanned } from "./body.ts";
import type { Fields } from "./fields.ts";
import { readTrailers, trailerLines } from "./trailers.ts";

/*
 *  size ──;──> extension ──CR──> sizeLf ──> data ──> dataCr ──> dataLf ──> size
 *    └────────────CR───────────────┘ └─ 0 ─> trailerStart ──CR──> endLf ──> (done)
 *                                              └──> trailer ──CR──> trailerLf ──> trailerStart
 */
const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER_START = 6;
const TRAILER = 7;
const TRAILER_LF = 8;
const END_LF = 9;

const CR = 0x0d;
const LF = 0x0a;
/** 2^48 bytes: more digits would only serve to confuse somebody's integers. */
const MAX_SIZE_DIGITS = 12;
/** Of all extensions and trailers of one body. */
const MAX_DROPPED_BYTES = 16 * 1024;

export class ChunkedBody implements Body {
  done = false;
  bytes = 0;
  /** Once it is done; null: there were none, or nobody wants them. */
  trailers: Fields | null = null;
  /** "chunked": sizes and CRLFs go on too. "payload": the data alone. */
  readonly #passes: "chunked" | "payload";
  #state = SIZE;
  #left = 0;
  #digits = 0;
  #dropped = 0;
  readonly #wantsTrailers: boolean;
  #trailerText = "";

  constructor(passes: "chunked" | "payload", wantsTrailers = false) {
    this.#passes = passes;
    this.#wantsTrailers = wantsTrailers;
  }

  scan(chunk: Buffer): Scanned {
    const framed = this.#passes === "chunked";
    const parts: Buffer[] = [];
    // Start of the part that goes on; -1 while bytes are dropped.
    let from = framed && this.#state !== EXTENSION && this.#state !== TRAILER && this.#state !== TRAILER_LF ? 0 : -1;
    let at = 0;
    const dropFrom = (position: number) => {
      if (from >= 0 && position > from) parts.push(chunk.subarray(from, position));
      from = -1;
    };
    while (at < chunk.length && !this.done) {
      if (this.#state === DATA) {
        const size = Math.min(this.#left, chunk.length - at);
        if (!framed) parts.push(chunk.subarray(at, at + size));
        at += size;
        this.bytes += size;
        this.#left -= size;
        if (this.#left === 0) this.#state = DATA_CR;
        continue;
      }
      const byte = chunk[at++] as number;
      switch (this.#state) {
        case SIZE:
          if (byte === CR && this.#digits > 0) this.#state = SIZE_LF;
          else if (byte === 0x3b && this.#digits > 0) {
            this.#state = EXTENSION;
            dropFrom(at - 1);
          } else this.#addDigit(byte);
          break;
        case EXTENSION:
          if (byte === CR) {
            this.#state = SIZE_LF;
            if (framed) from = at - 1;
          } else this.#drop(byte);
          break;
        case SIZE_LF:
          this.#expect(byte, LF);
          this.#state = this.#left === 0 ? TRAILER_START : DATA;
          this.#digits = 0;
          break;
        case DATA_CR:
          this.#expect(byte, CR);
          this.#state = DATA_LF;
          break;
        case DATA_LF:
          this.#expect(byte, LF);
          this.#state = SIZE;
          break;
        case TRAILER_START:
          if (byte === CR) {
            this.#state = END_LF;
            if (this.#trailerText === "") break;
            this.trailers = readTrailers(this.#trailerText);
            dropFrom(at - 1);
            if (!framed) break;
            parts.push(Buffer.from(trailerLines(this.trailers), "latin1"));
            from = at - 1;
            break;
          }
          dropFrom(at - 1);
          this.#takeTrailer(byte);
          this.#state = TRAILER;
          break;
        case TRAILER:
          if (byte === CR) this.#state = TRAILER_LF;
          else this.#takeTrailer(byte);
          break;
        case TRAILER_LF:
          this.#expect(byte, LF);
          if (this.#wantsTrailers) this.#trailerText += "\r\n";
          this.#state = TRAILER_START;
          if (framed) from = at;
          break;
        default:
          this.#expect(byte, LF);
          this.done = true;
      }
    }
    dropFrom(at);
    return { out: joined(parts), rest: at < chunk.length ? chunk.subarray(at) : null };
  }

  endEarly(): Buffer | null {
    if (this.#state !== SIZE || this.#digits > 0) return null;
    this.done = true;
    return Buffer.from(this.#passes === "chunked" ? "0\r\n\r\n" : "");
  }

  end(): Buffer | null {
    return this.done ? Buffer.alloc(0) : null;
  }

  #addDigit(byte: number): void {
    const digit = hexDigit(byte);
    if (digit < 0 || ++this.#digits > MAX_SIZE_DIGITS) throw new BadMessage("a chunk size that is not a number");
    this.#left = this.#left * 16 + digit;
  }

  #drop(byte: number): void {
    if (byte === LF || byte === 0 || ++this.#dropped > MAX_DROPPED_BYTES) {
      throw new BadMessage("a broken or oversized chunk extension or trailer");
    }
  }

  #takeTrailer(byte: number): void {
    this.#drop(byte);
    if (this.#wantsTrailers) this.#trailerText += String.fromCharCode(byte);
  }

  #expect(byte: number, wanted: number): void {
    if (byte !== wanted) throw new BadMessage("a chunk that does not end with CRLF");
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function joined(parts: readonly Buffer[]): Buffer | null {
  if (parts.length === 0) return null;
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}
