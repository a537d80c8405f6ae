/** One HTTP/2 stream as the HTTP/1.1 connection of one request: whatever the router knows of requests and answers holds for it unchanged. */
import type { ServerHttp2Stream, ServerStreamResponseOptions } from "node:http2";
import { constants } from "node:http2";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { type Body, withoutFraming } from "./http/body.ts";
import { type ResponseHead, readResponseHead } from "./http/response-head.ts";
import { answerFields, requestHeadOf } from "./http2-head.ts";

const END_OF_HEAD = "\r\n\r\n";
const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants;

type Received = (error?: Error | null) => void;

export class Http2Stream extends Duplex {
  readonly remoteAddress: string | undefined;
  /** Of the answer, as far as the client's window let it go. */
  bytesWritten = 0;
  readonly #stream: ServerHttp2Stream;
  readonly #method: string;
  readonly #chunked: boolean;
  readonly #wantsTrailers: boolean;
  #unread: Buffer | null = null;
  #body: Body | null = null;

  constructor(stream: ServerHttp2Stream, rawHeaders: readonly string[], remoteAddress: string | undefined) {
    super();
    this.#stream = stream;
    this.remoteAddress = remoteAddress;
    const { method, text, chunked, wantsTrailers } = requestHeadOf(rawHeaders, stream.endAfterHeaders);
    this.#method = method;
    this.#chunked = chunked;
    this.#wantsTrailers = wantsTrailers;
    this.push(text, "latin1");
    stream.on("data", (bytes: Buffer) => this.#onBody(bytes));
    stream.on("end", () => {
      if (this.#chunked && !this.destroyed) this.push("0\r\n\r\n");
    });
    stream.on("error", () => {});
    // Reset by the client, or over.
    stream.on("close", () => this.destroy());
  }

  /** The data path was written for sockets; it uses of them what is here. */
  asSocket(): Socket {
    return this as unknown as Socket;
  }

  destroySoon(): void {
    if (this.writableFinished) this.destroy();
    else this.end(() => this.destroy());
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, received: Received): void {
    if (this.#stream.destroyed || this.#stream.closed) received();
    else if (this.#body === null) this.#readHead(this.#unread === null ? bytes : Buffer.concat([this.#unread, bytes]), received);
    else this.#answer(this.#body, bytes, received);
  }

  override _final(received: Received): void {
    const stream = this.#stream;
    if (this.#body?.done === true) {
      // The client may still send a body that nobody reads (RFC 9113 8.1).
      stream.end(() => {
        if (!stream.readableEnded && !stream.closed) stream.close(NGHTTP2_NO_ERROR);
      });
    } else if (!stream.closed) stream.close(NGHTTP2_INTERNAL_ERROR);
    this.push(null);
    received();
  }

  override _destroy(error: Error | null, destroyed: Received): void {
    if (!this.#stream.closed && !this.#stream.writableEnded) this.#stream.close(NGHTTP2_INTERNAL_ERROR);
    destroyed(error);
  }

  #onBody(bytes: Buffer): void {
    if (this.destroyed || this.readableEnded || bytes.length === 0) return;
    const framed = this.#chunked ? Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]) : bytes;
    if (!this.push(framed)) this.#stream.pause();
  }

  #readHead(bytes: Buffer, received: Received): void {
    const end = bytes.indexOf(END_OF_HEAD);
    if (end < 0) {
      this.#unread = bytes;
      received();
      return;
    }
    const head = readResponseHead(bytes.toString("latin1", 0, end + 2), this.#method);
    const rest = bytes.subarray(end + END_OF_HEAD.length);
    this.#unread = null;
    if (head.status >= 200) this.#begin(head, rest, received);
    else {
      this.#stream.additionalHeaders({ ":status": head.status, ...Object.fromEntries(pairs(answerFields(head))) });
      if (rest.length === 0) received();
      else this.#readHead(rest, received);
    }
  }

  #begin(head: ResponseHead, rest: Buffer, received: Received): void {
    const wantsTrailers = this.#wantsTrailers && head.framing.kind === "chunked";
    const body = withoutFraming(head.framing, wantsTrailers);
    this.#body = body;
    // Where there are none, Node ends the stream with an empty DATA frame.
    if (wantsTrailers) this.#stream.on("wantTrailers", () => this.#stream.sendTrailers(trailersOf(body)));
    // The app's own Date or none, as over HTTP/1.1. Both are taken, and neither is in the types: a flat list keeps repeated fields.
    const options = { endStream: body.done, sendDate: false, waitForTrailers: wantsTrailers } as ServerStreamResponseOptions;
    this.#stream.respond([":status", String(head.status), ...answerFields(head)] as never, options);
    if (body.done || rest.length === 0) received();
    else this.#answer(body, rest, received);
  }

  #answer(body: Body, bytes: Buffer, received: Received): void {
    const { out } = body.done ? { out: null } : body.scan(bytes);
    if (out === null || out.length === 0) {
      received();
      return;
    }
    const { length } = out;
    this.#stream.write(out, () => {
      this.bytesWritten += length;
      received();
    });
  }
}

/** Repeated fields as lists. */
function trailersOf({ trailers }: Body): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  for (const [at, key] of (trailers?.keys ?? []).entries()) fields[key] = [...(fields[key] ?? []), trailers?.values[at] as string];
  return fields;
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] as string] as [string, string]] : []));
}
