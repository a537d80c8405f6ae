/** A WebSocket's bytes towards the client, passed through with an eye on where frames end: there a close frame of ours fits (RFC 6455 5.2, 5.5.1). */
import { Transform, type TransformCallback } from "node:stream";

const CLOSE = 0x8;
/** FIN and opcode 8, two bytes of payload: 1001, going away. */
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);
const MASKED = 0x80;
const MASK_BYTES = 4;

export class FarewellFrames extends Transform {
  /** A close frame went out, the app's or ours: nothing may follow it. */
  saidClose = false;
  /** Of the frame under way: bytes until it ends; a head that is not complete yet is in #head. */
  #left = 0;
  #head: number[] = [];
  #isClose = false;
  #announcing = false;

  /** Says 1001 at the end of the frame under way; what the app sends after that is dropped. The client's own close frame reaches the app. */
  announceClose(): void {
    if (this.saidClose || this.#announcing) return;
    this.#announcing = true;
    if (this.#left === 0 && this.#head.length === 0) this.#close();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.saidClose) {
      done();
      return;
    }
    let at = 0;
    while (at < chunk.length && !this.saidClose) {
      if (this.#left > 0) {
        const size = Math.min(this.#left, chunk.length - at);
        at += size;
        this.#left -= size;
      } else {
        this.#head.push(chunk[at++] as number);
        const bytes = payloadBytes(this.#head);
        if (bytes === null) continue;
        this.#isClose = ((this.#head[0] as number) & 0x0f) === CLOSE;
        this.#head = [];
        this.#left = bytes;
      }
      if (this.#left > 0 || this.#head.length > 0) continue;
      if (this.#isClose) this.saidClose = true;
      else if (this.#announcing) {
        this.push(chunk.subarray(0, at));
        this.#close();
        done();
        return;
      }
    }
    done(null, at === chunk.length ? chunk : chunk.subarray(0, at));
  }

  #close(): void {
    this.saidClose = true;
    this.push(GOING_AWAY);
  }
}

/** null: the head is not complete. The mask (which a server must not use) counts as payload. */
function payloadBytes(head: readonly number[]): number | null {
  const second = head[1];
  if (second === undefined) return null;
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (head.length < 2 + lengthBytes) return null;
  const length = lengthBytes === 0 ? short : head.slice(2).reduce((sum, byte) => sum * 256 + byte, 0);
  return length + ((second & MASKED) === 0 ? 0 : MASK_BYTES);
}
