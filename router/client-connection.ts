/** One client's connection: its requests one after the other, in order, each an exchange. */
import type { Socket } from "node:net";
import type { RouterContext } from "./context.ts";
import type { Waiting } from "./deadlines.ts";
import { Exchange } from "./exchange.ts";
import { FAILURES } from "./failure.ts";
import { BadMessage } from "./http/bad-message.ts";
import { MAX_HEAD_BYTES } from "./http/fields.ts";
import { type RequestHead, readRequestHead } from "./http/request-head.ts";
import { isInNetworks } from "./networks.ts";
import type { Origin } from "./origin.ts";
import { failurePage } from "./page.ts";
import { requestId } from "./request-id.ts";

const END_OF_HEAD = "\r\n\r\n";
const CR = 0x0d;
const LF = 0x0a;

/** The listener that a connection came in by. */
export interface Front {
  readonly protocol: "http" | "https";
  /** What X-Forwarded-Port says. */
  readonly port: number;
}

export class ClientConnection implements Waiting {
  readonly socket: Socket;
  /** As the connection itself says it. */
  readonly peer: Origin;
  /** The peer is a trusted proxy: it speaks for its clients. */
  readonly isTrusted: boolean;
  deadlineMs: number;
  /** The client has closed its sending side: half-closed, or gone. */
  isHalfClosed = false;
  readonly #context: RouterContext;
  readonly #onClosed: () => void;
  /** Received, not read yet: the next head, or a body that nobody takes for now. */
  #unread: Buffer | null = null;
  #exchange: Exchange | null = null;
  #reading = false;
  /** No more requests are read; what comes is thrown away until the client closes too. */
  #lingering = false;
  #lingeredBytes = 0;

  constructor(context: RouterContext, front: Front, socket: Socket, onClosed: () => void) {
    this.#context = context;
    this.#onClosed = onClosed;
    this.socket = socket;
    const clientAddress = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    this.peer = { ...front, clientAddress };
    this.isTrusted = context.trustedProxies !== null && isInNetworks(context.trustedProxies, clientAddress);
    this.deadlineMs = performance.now() + context.limits.headMs;
    context.deadlines.add(this);
    socket.on("data", (chunk: Buffer) => this.#guard(() => this.#onData(chunk)));
    socket.on("drain", () => this.#guard(() => this.#onDrain()));
    socket.on("end", () => this.#guard(() => this.#onEnd()));
    // What follows is always "close".
    socket.on("error", () => {});
    socket.on("close", () => this.#onClose());
  }

  /** Everything that was received and not read. */
  take(): Buffer | null {
    const bytes = this.#unread;
    this.#unread = null;
    return bytes;
  }

  putBack(bytes: Buffer): void {
    this.#unread = bytes;
  }

  pauseReading(): void {
    this.socket.pause();
  }

  resumeReading(): void {
    if (this.socket.isPaused()) this.socket.resume();
  }

  /** keep: read the next request. close: after the client has read the answer. cut: now, so that it can tell. */
  onExchangeDone(fate: "keep" | "close" | "cut"): void {
    this.#exchange = null;
    if (fate === "cut") {
      this.socket.destroy();
      return;
    }
    if (fate === "close" || this.isHalfClosed || this.#context.isClosing()) {
      this.#linger();
      return;
    }
    this.deadlineMs = performance.now() + this.#context.limits.idleClientMs;
    this.resumeReading();
    this.#readHeads();
  }

  /** The router is about to end: idle connections close soon (a request may be on its way: it is answered), busy ones after their answer, which ends where it has no end of its own. */
  closeWhenIdle(): void {
    if (this.#exchange !== null) this.#exchange.onInstanceLeaving();
    else if (!this.#lingering) this.deadlineMs = Math.min(this.deadlineMs, performance.now() + this.#context.limits.lastRequestMs);
  }

  /** Gives the socket away (an upgrade): bytes already received are its first ones. The deadline stays with the exchange. */
  detach(): void {
    for (const event of ["data", "drain", "end"]) this.socket.removeAllListeners(event);
    this.socket.pause();
    const bytes = this.take();
    if (bytes !== null) this.socket.unshift(bytes);
  }

  onDeadline(nowMs: number): void {
    if (this.#lingering) this.socket.destroy();
    else if (this.#exchange !== null) this.#exchange.onDeadline(nowMs);
    else if (this.#unread !== null) this.#refuse(new BadMessage("the head of the request took too long", 408));
    else this.#linger();
  }

  /** A defect of ours costs this connection its request (H99), and no other one anything. */
  #guard(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      this.#reading = false;
      this.#context.onDefect(error);
      if (this.#exchange !== null) this.#exchange.onDefect();
      else this.socket.destroy();
    }
  }

  #onData(chunk: Buffer): void {
    if (this.#lingering) {
      this.#lingeredBytes += chunk.length;
      if (this.#lingeredBytes > this.#context.limits.lingerBytes) this.socket.destroy();
      return;
    }
    this.#unread = this.#unread === null ? chunk : Buffer.concat([this.#unread, chunk]);
    if (this.#exchange === null) this.#readHeads();
    else this.#exchange.pump();
    if (this.#exchange !== null && this.#unread !== null && this.#unread.length > this.#context.limits.waitingBytes) this.socket.pause();
  }

  #onDrain(): void {
    if (this.#exchange !== null) {
      this.#exchange.onClientDrain();
      return;
    }
    this.resumeReading();
    this.#readHeads();
  }

  #onEnd(): void {
    this.isHalfClosed = true;
    if (this.#exchange === null) {
      if (!this.#lingering) this.socket.end();
      else this.socket.destroySoon();
      return;
    }
    if (this.#exchange.requestComplete) this.#watchHalfClosed(this.socket.bytesWritten);
    else this.#exchange.onClientGone();
  }

  /** A FIN is all that a vanished client sends too. It has this long to take something; then nobody is there. */
  #watchHalfClosed(bytesWritten: number): void {
    setTimeout(() => {
      if (this.#exchange === null || this.socket.destroyed) return;
      if (this.socket.bytesWritten > bytesWritten) this.#watchHalfClosed(this.socket.bytesWritten);
      else this.#exchange.onClientGone();
    }, this.#context.limits.halfClosedMs).unref();
  }

  #onClose(): void {
    this.#context.deadlines.remove(this);
    this.#exchange?.onClientGone();
    this.#exchange = null;
    this.#onClosed();
  }

  /** Reads heads until an exchange takes the connection, or bytes or the client's readiness are missing. */
  #readHeads(): void {
    if (this.#reading) return;
    this.#reading = true;
    while (this.#exchange === null && this.#unread !== null && !this.#lingering && !this.socket.destroyed) {
      // A client that sends requests and does not read answers gets no more of them made.
      if (this.socket.writableNeedDrain) {
        this.socket.pause();
        break;
      }
      if (!this.#readHead(this.#unread)) break;
    }
    this.#reading = false;
  }

  #readHead(bytes: Buffer): boolean {
    const start = afterEmptyLines(bytes);
    const end = bytes.indexOf(END_OF_HEAD, start);
    if (end < 0 || end - start > MAX_HEAD_BYTES) {
      this.#checkIncompleteHead(bytes, start, end);
      return false;
    }
    this.#unread = end + END_OF_HEAD.length === bytes.length ? null : bytes.subarray(end + END_OF_HEAD.length);
    let request: RequestHead;
    try {
      request = readRequestHead(bytes.toString("latin1", start, end + 2));
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error;
      this.#refuse(error);
      return false;
    }
    this.#exchange = new Exchange(this.#context, this, request, performance.now());
    this.#exchange.begin();
    return true;
  }

  #checkIncompleteHead(bytes: Buffer, start: number, end: number): void {
    if (end >= 0 || bytes.length - start > MAX_HEAD_BYTES) {
      this.#refuse(new BadMessage("too large a head", 431));
      return;
    }
    for (let at = bytes.indexOf(LF, start); at >= 0; at = bytes.indexOf(LF, at + 1)) {
      if (at === 0 || bytes[at - 1] !== CR) {
        this.#refuse(new BadMessage("a bare LF in the head"));
        return;
      }
    }
    if (start === bytes.length) this.#unread = null;
    const limitMs = performance.now() + this.#context.limits.headMs;
    // Counted from the head's first byte: bytes in driblets do not buy time.
    if (this.deadlineMs > limitMs) this.deadlineMs = limitMs;
  }

  #refuse(error: BadMessage): void {
    const asker = { method: "GET", accept: "", minor: 1, keepAlive: false, requestId: requestId(null) } as const;
    this.socket.write(failurePage({ ...FAILURES.badRequest, status: error.status, text: `The request has ${error.message}.` }, asker));
    this.#linger();
  }

  #linger(): void {
    this.#lingering = true;
    this.#unread = null;
    this.deadlineMs = performance.now() + this.#context.limits.lingerMs;
    this.socket.end();
    this.resumeReading();
    if (this.isHalfClosed) this.socket.destroySoon();
  }
}

/** RFC 9112 2.2: empty lines before a request are to be ignored. */
function afterEmptyLines(bytes: Buffer): number {
  let at = 0;
  while (bytes[at] === CR && bytes[at + 1] === LF) at += 2;
  return at;
}
