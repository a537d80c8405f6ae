/** The local door's wire format: length (32 bit) of the payload, kind (8 bit), payload. */

export const FRAME = {
  /** Client first: JSON of a Hello. */
  hello: 1,
  stdin: 2,
  stdinEnd: 3,
  /** JSON of a TerminalSize. */
  resize: 4,
  /** Name without SIG. */
  signal: 5,
  stdout: 16,
  stderr: 17,
  /** Decimal exit code; the last frame. */
  exit: 18,
} as const;

export interface Hello {
  readonly argv: readonly string[];
  readonly terminal: { readonly type: string; readonly columns: number; readonly rows: number } | null;
}

export interface Frame {
  readonly kind: number;
  readonly payload: Buffer;
}

const HEAD_BYTES = 5;
const MAX_PAYLOAD_BYTES = 4 * 1024 * 1024;

export function encodeFrame(kind: number, payload: Buffer | string = ""): Buffer {
  const body = Buffer.from(payload as string);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(body.length, 0);
  head.writeUInt8(kind, 4);
  return Buffer.concat([head, body]);
}

export class FrameParser {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): readonly Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    while (this.#rest.length >= HEAD_BYTES) {
      const length = this.#rest.readUInt32BE(0);
      if (length > MAX_PAYLOAD_BYTES) throw new Error("a frame is too long");
      if (this.#rest.length < HEAD_BYTES + length) break;
      frames.push({ kind: this.#rest.readUInt8(4), payload: this.#rest.subarray(HEAD_BYTES, HEAD_BYTES + length) });
      this.#rest = this.#rest.subarray(HEAD_BYTES + length);
    }
    return frames;
  }
}
