/** One socket to an instance (or to control's git door): tells whoever owns it at the moment what happens on it. */
import { connect, type Socket } from "node:net";
import type { Target } from "./target.ts";

export interface UpstreamOwner {
  onUpstreamConnected(): void;
  /** The chunk's memory is used again after the call. */
  onUpstreamData(chunk: Buffer): void;
  onUpstreamDrain(): void;
  /** The instance sends no more. */
  onUpstreamEnd(): void;
  onUpstreamClosed(error: NodeJS.ErrnoException | null): void;
  /** One of the above threw. */
  onDefect(error: unknown): void;
}

export class UpstreamConnection {
  readonly socket: Socket;
  readonly target: Target;
  idleSinceMs = 0;
  /** It has carried an exchange before: a close now may just be the app's own idle timeout. */
  reused = false;
  #owner: UpstreamOwner | null;
  #error: NodeJS.ErrnoException | null = null;

  /** `reading`: by us, into the target's one buffer (a buffer of its own for each read is a tenth of a request's time), or as a stream by who detaches it. */
  constructor(target: Target, owner: UpstreamOwner, reading: "shared-buffer" | "stream") {
    this.target = target;
    this.#owner = owner;
    const { endpoint, readBuffer } = target;
    const onread = { buffer: readBuffer, callback: (size: number) => this.#onRead(readBuffer.subarray(0, size)) };
    this.socket = connect({ ...endpoint, noDelay: true, ...(reading === "shared-buffer" ? { onread } : {}) });
    this.socket.on("connect", () => this.#tell((owner) => owner.onUpstreamConnected()));
    this.socket.on("drain", () => this.#owner !== null && this.#tell((owner) => owner.onUpstreamDrain()));
    this.socket.on("end", () => this.#tell((owner) => owner.onUpstreamEnd()));
    this.socket.on("error", (error) => {
      this.#error = error;
    });
    this.socket.on("close", () => this.#tell((owner) => owner.onUpstreamClosed(this.#error)));
  }

  /** Bytes on an idle socket are an answer that nobody asked for: never to be given to the next client. */
  #onRead(chunk: Buffer): boolean {
    this.#tell((owner) => owner.onUpstreamData(chunk));
    return true;
  }

  /** Without an owner, whatever happens is its end. */
  #tell(event: (owner: UpstreamOwner) => void): void {
    const owner = this.#owner;
    if (owner === null) {
      this.target.forget(this);
      this.destroy();
      return;
    }
    try {
      event(owner);
    } catch (error) {
      owner.onDefect(error);
    }
  }

  own(owner: UpstreamOwner): void {
    this.#owner = owner;
    this.reused = true;
  }

  /** Back to the target's idle sockets, or closed. */
  release(nowMs: number): void {
    this.#owner = null;
    this.idleSinceMs = nowMs;
    if (this.socket.isPaused()) this.socket.resume();
    if (this.socket.destroyed || !this.target.keep(this)) this.destroy();
  }

  /** Nobody hears of it any more; the instance sees a reset, so that it stops working for nothing. */
  abort(): void {
    this.#owner = null;
    if (this.socket.connecting) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  /** Gives the bare socket away (an upgrade); no event of ours stays on it but the error guard. */
  detach(): Socket {
    this.#owner = null;
    for (const event of ["connect", "drain", "end", "close"]) this.socket.removeAllListeners(event);
    return this.socket;
  }

  destroy(): void {
    this.#owner = null;
    this.socket.destroy();
  }
}
