/** A client's HTTP/2 connection (by ALPN): each stream is a connection of its own to the rest of the router. */
import { performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { MAX_HEAD_BYTES } from "./http/fields.ts";
import { Http2Stream } from "./http2-stream.ts";
import type { Limits } from "./limits.ts";

/** Node's own limit of pairs is 128; http/fields.ts refuses more than 200 lines with an answer. */
const MAX_HEADER_PAIRS = 210;
/** CVE-2023-44487: streams that are opened and reset in a row. A browser that leaves a page resets some dozens. */
const RESET_BURST = 200;
const RESETS_PER_SECOND = 20;
/** Frames that are not HTTP/2's, streams beyond the limit: after so many the connection ends. */
const MAX_OFFENCES = 100;
const WINDOW_BYTES = 256 * 1024;

const OPTIONS = {
  maxHeaderListPairs: MAX_HEADER_PAIRS,
  streamResetBurst: RESET_BURST,
  streamResetRate: RESETS_PER_SECOND,
  maxSessionInvalidFrames: MAX_OFFENCES,
  maxSessionRejectedStreams: MAX_OFFENCES,
};

export interface Http2Options {
  readonly limits: Pick<Limits, "idleClientMs" | "streamsPerConnection">;
  readonly onStream: (stream: Socket) => void;
  readonly onClosed: () => void;
  readonly onDefect: (error: unknown) => void;
}

export class Http2Connection {
  readonly socket: Socket;
  readonly #session: ServerHttp2Session;

  constructor(socket: Socket, { limits, onStream, onClosed, onDefect }: Http2Options) {
    this.socket = socket;
    // HTTP/2 has no half-closed connections: a client that is gone takes its streams with it.
    socket.allowHalfOpen = false;
    // WebSockets (RFC 8441) are not offered: clients open an HTTP/1.1 connection for them.
    const settings = {
      enableConnectProtocol: false,
      maxConcurrentStreams: limits.streamsPerConnection,
      maxHeaderListSize: MAX_HEAD_BYTES,
      initialWindowSize: WINDOW_BYTES,
    };
    this.#session = performServerHandshake(socket, { ...OPTIONS, settings });
    this.#session.on("stream", (stream: ServerHttp2Stream, _headers: unknown, _flags: number, raw: readonly string[]) => {
      try {
        onStream(new Http2Stream(stream, raw, socket.remoteAddress).asSocket());
      } catch (error) {
        onDefect(error);
        stream.destroy();
      }
    });
    // What a client does wrong ends its session; nothing of ours is at fault.
    this.#session.on("error", () => {});
    this.#session.on("close", onClosed);
    this.#session.setTimeout(limits.idleClientMs, () => this.closeWhenIdle());
  }

  /** GOAWAY: streams that are open end as they would, no new ones. */
  closeWhenIdle(): void {
    if (!this.#session.closed) this.#session.close();
  }
}
