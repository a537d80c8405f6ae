/** Finds the end of a body in a stream of bytes and says what of it goes on to the other side. */
import { BadMessage } from "./bad-message.ts";
import { ChunkedBody } from "./chunked.ts";
import type { Fields } from "./fields.ts";
import type { Framing } from "./framing.ts";

export interface Scanned {
  /** Goes on to the other side. */
  readonly out: Buffer | null;
  /** Bytes behind the end of the body. */
  readonly rest: Buffer | null;
}

export interface Body {
  readonly done: boolean;
  /** Of the payload so far, framing not counted. */
  readonly bytes: number;
  /** Of a chunked one that is done, where they were wanted and there were any. */
  readonly trailers?: Fields | null;
  /** Throws BadMessage where the framing is broken. */
  scan(chunk: Buffer): Scanned;
  /** What ends the body for the other side here and now, so that it looks whole; null: not at this place, or not in this framing. */
  endEarly(): Buffer | null;
  /** The sender's side has ended: the closing bytes for the other side; null where the body was cut short. */
  end(): Buffer | null;
}

const NOTHING = Buffer.alloc(0);

/** Passed on in the framing that it came in. */
export function sameFraming(framing: Framing): Body {
  if (framing.kind === "chunked") return new ChunkedBody("chunked");
  if (framing.kind === "until-close") return new BodyUntilClose();
  return new BodyOfLength(framing.kind === "length" ? framing.length : 0);
}

/** For an HTTP/1.0 client and for HTTP/2: payload only. */
export function withoutFraming(framing: Framing, wantsTrailers = false): Body {
  return framing.kind === "chunked" ? new ChunkedBody("payload", wantsTrailers) : sameFraming(framing);
}

/** For an HTTP/1.1 client: what would end with the connection gets chunks, so that a cut can be told from an end. */
export function withFraming(framing: Framing, wantsTrailers = false): Body {
  if (framing.kind === "until-close") return new ChunkingBody();
  return framing.kind === "chunked" ? new ChunkedBody("chunked", wantsTrailers) : sameFraming(framing);
}

class BodyOfLength implements Body {
  done: boolean;
  bytes = 0;
  #left: number;

  constructor(length: number) {
    this.#left = length;
    this.done = length === 0;
  }

  scan(chunk: Buffer): Scanned {
    const size = chunk.length;
    if (size < this.#left) {
      this.#left -= size;
      this.bytes += size;
      return { out: chunk, rest: null };
    }
    const left = this.#left;
    this.#left = 0;
    this.bytes += left;
    this.done = true;
    if (left === size) return { out: chunk, rest: null };
    return { out: left === 0 ? null : chunk.subarray(0, left), rest: chunk.subarray(left) };
  }

  endEarly(): null {
    return null;
  }

  end(): Buffer | null {
    return this.done ? NOTHING : null;
  }
}

class BodyUntilClose implements Body {
  done = false;
  bytes = 0;

  scan(chunk: Buffer): Scanned {
    this.bytes += chunk.length;
    return { out: chunk, rest: null };
  }

  endEarly(): Buffer {
    return this.end();
  }

  end(): Buffer {
    this.done = true;
    return NOTHING;
  }
}

class ChunkingBody implements Body {
  done = false;
  bytes = 0;

  scan(chunk: Buffer): Scanned {
    if (this.done) throw new BadMessage("bytes behind the end");
    this.bytes += chunk.length;
    return { out: Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]), rest: null };
  }

  endEarly(): Buffer {
    return this.end();
  }

  end(): Buffer {
    this.done = true;
    return Buffer.from("0\r\n\r\n");
  }
}
