/** One instance as the router sees it: requests in flight, sockets that can be used again, quarantine. */
import type { UpstreamConnection } from "./upstream-connection.ts";

/** Where to connect: an instance's TCP address, or control's unix socket. */
export type Endpoint = { readonly host: string; readonly port: number } | { readonly path: string };

/** An answer without an end of its own (a WebSocket, an event stream). */
export interface LongLived {
  /** The instance will stop: the client is to come again, to another one. */
  onInstanceLeaving(): void;
}

export interface TargetOptions {
  readonly instance: string;
  /** As in the table: `198.18.0.9:5000`. */
  readonly address: string;
  readonly endpoint: Endpoint;
  readonly idleLimit: number;
  /** All connections of a router read into it, one after the other. */
  readonly readBuffer: Buffer;
  /** Called when the last request in flight has ended. */
  readonly onQuiet: (target: Target) => void;
}

export class Target {
  readonly instance: string;
  readonly address: string;
  readonly endpoint: Endpoint;
  readonly readBuffer: Buffer;
  inFlight = 0;
  /** On the clock of performance.now(). */
  quarantinedUntilMs = 0;
  /** Not in the table any more: what runs may end, nothing is kept. */
  retired = false;
  readonly #idle: UpstreamConnection[] = [];
  readonly #longLived = new Set<LongLived>();
  readonly #idleLimit: number;
  readonly #onQuiet: (target: Target) => void;

  constructor(options: TargetOptions) {
    this.instance = options.instance;
    this.address = options.address;
    this.endpoint = options.endpoint;
    this.readBuffer = options.readBuffer;
    this.#idleLimit = options.idleLimit;
    this.#onQuiet = options.onQuiet;
  }

  enter(): void {
    this.inFlight++;
  }

  leave(): void {
    if (--this.inFlight === 0) this.#onQuiet(this);
  }

  /** Told when the instance leaves the table; at once where it has. */
  watchLeaving(stream: LongLived): void {
    if (this.retired) stream.onInstanceLeaving();
    else this.#longLived.add(stream);
  }

  unwatchLeaving(stream: LongLived): void {
    this.#longLived.delete(stream);
  }

  /** The socket used last, if it has been idle for less than maxIdleMs. */
  takeIdle(maxIdleMs: number, nowMs: number): UpstreamConnection | null {
    const newest = this.#idle.at(-1);
    if (newest === undefined || nowMs - newest.idleSinceMs >= maxIdleMs) return null;
    this.#idle.pop();
    return newest;
  }

  /** false: not kept; the caller closes it. */
  keep(connection: UpstreamConnection): boolean {
    if (this.retired || this.#idle.length >= this.#idleLimit) return false;
    this.#idle.push(connection);
    return true;
  }

  forget(connection: UpstreamConnection): void {
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  /** Closes what has been idle since before the time given. */
  closeIdle(sinceMs: number): void {
    const old = this.#idle.filter((connection) => connection.idleSinceMs <= sinceMs);
    for (const connection of old) {
      this.forget(connection);
      connection.destroy();
    }
  }

  retire(): void {
    this.retired = true;
    this.closeIdle(Number.POSITIVE_INFINITY);
    const leaving = [...this.#longLived];
    this.#longLived.clear();
    for (const stream of leaving) stream.onInstanceLeaving();
  }
}
