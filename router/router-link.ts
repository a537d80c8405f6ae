/** The connection to the router's control socket: made when it is needed, made again when it broke, never in anybody's way. */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { EnvironmentName, HostName, RouterReport } from "../core/index.ts";
import { type FromRouter, messageLine, messageReader, type ToRouter } from "./control-messages.ts";

export type Announced =
  | { readonly kind: "acknowledged" }
  | { readonly kind: "down" }
  | { readonly kind: "refused"; readonly reason: string };

type IdleTimes = Readonly<Record<EnvironmentName, number>>;

interface Drain {
  readonly addresses: readonly string[];
  /** Routers that have not said "drained" yet; null: the one that is to come. */
  readonly waitingFor: Set<Socket | null>;
  readonly onDrained: () => void;
}

/** A router that ended is started again within a second; with some margin, one that is not back has nothing in flight any more. */
const GONE_AFTER_MS = 3_000;
const RETRY_INTERVAL_MS = 100;

export class RouterLink {
  readonly #path: string;
  readonly #log: Pick<Logger, "info" | "warn" | "error">;
  #socket: Socket | null = null;
  #connecting: Promise<boolean> | null = null;
  #version: number | null = null;
  #closed = false;
  #lastDrainId = 0;
  /** What a router is to answer by, whichever one it is. */
  #announced = Number.NEGATIVE_INFINITY;
  /** Routers that serve what they have in flight, and nothing new. */
  readonly #leaving = new Set<Socket>();
  readonly #announcements = new Map<(outcome: Announced) => void, number>();
  readonly #drains = new Map<number, Drain>();
  readonly #questions = new Map<number, (idle: IdleTimes | null) => void>();
  readonly #reports = new Map<number, (report: RouterReport | null) => void>();
  readonly #wakeListeners: ((environment: EnvironmentName) => void)[] = [];
  readonly #wantListeners: ((host: HostName) => void)[] = [];

  constructor(path: string, log: Pick<Logger, "info" | "warn" | "error">) {
    this.#path = path;
    this.#log = log;
  }

  async announce(version: number, timeoutMs: number): Promise<Announced> {
    const late: Announced = { kind: "refused", reason: `no answer within ${timeoutMs / 1000} s` };
    const connected = await within(this.#connected(), timeoutMs);
    if (connected === "late") return late;
    if (!connected) return { kind: "down" };
    this.#announced = Math.max(this.#announced, version);
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(late), timeoutMs);
      const settle = (outcome: Announced) => {
        clearTimeout(timer);
        this.#announcements.delete(settle);
        resolve(outcome);
      };
      this.#announcements.set(settle, version);
      this.#send({ kind: "apply", version });
    });
  }

  async drained(addresses: readonly string[], timeoutMs: number): Promise<boolean> {
    if (addresses.length === 0) return true;
    const id = ++this.#lastDrainId;
    return new Promise((resolve) => {
      const settle = (drained: boolean) => {
        clearTimeout(timer);
        this.#drains.delete(id);
        if (!drained) for (const socket of this.#routers()) socket.write(messageLine({ kind: "unwatch", id }));
        resolve(drained);
      };
      const timer = setTimeout(() => settle(false), timeoutMs);
      const drain = { addresses, waitingFor: new Set<Socket | null>(), onDrained: () => settle(true) };
      this.#drains.set(id, drain);
      if (this.#socket === null) drain.waitingFor.add(null);
      for (const socket of this.#routers()) watch(socket, id, drain);
      if (this.#socket === null) void this.#connectForDrains();
    });
  }

  onWake(listener: (environment: EnvironmentName) => void): void {
    this.#wakeListeners.push(listener);
    void this.#listenAgain();
  }

  onCertificateWanted(listener: (host: HostName) => void): void {
    this.#wantListeners.push(listener);
    void this.#listenAgain();
  }

  certificateUnavailable(host: HostName): void {
    this.#send({ kind: "no-certificate", host });
  }

  async idleTimes(): Promise<IdleTimes | null> {
    if (!(await this.#connected())) return null;
    const id = ++this.#lastDrainId;
    return new Promise((resolve) => {
      this.#questions.set(id, resolve);
      this.#send({ kind: "idle", id });
    });
  }

  async report(): Promise<RouterReport | null> {
    if (!(await this.#connected())) return null;
    const id = ++this.#lastDrainId;
    return new Promise((resolve) => {
      this.#reports.set(id, resolve);
      this.#send({ kind: "report", id });
    });
  }

  async version(): Promise<number | null> {
    return (await this.#connected()) ? this.#version : null;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const socket of this.#routers()) socket.destroy();
  }

  /** false: nobody listens. Resolves after the router's first word. */
  #connected(): Promise<boolean> {
    if (this.#socket !== null) return Promise.resolve(true);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  #connect(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#path);
      const receive = messageReader<FromRouter>((message) => {
        if (this.#socket === null) {
          if (this.#leaving.has(socket)) {
            this.#onMessage(message, socket);
            return;
          }
          this.#socket = socket;
          // Before the watches: an address that has left the table must not be taken for a live one.
          if (message.kind === "table" && (message.version ?? Number.NEGATIVE_INFINITY) < this.#announced)
            this.#send({ kind: "apply", version: this.#announced });
          for (const [id, drain] of this.#drains) {
            watch(socket, id, drain);
            drain.waitingFor.delete(null);
          }
        }
        this.#onMessage(message, socket);
        resolve(true);
      });
      socket.setEncoding("utf8");
      socket.on("data", (text: string) => {
        try {
          receive(text);
        } catch (error) {
          this.#log.error({ err: error }, "the router said something that is not a message");
          socket.destroy();
        }
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        resolve(false);
        if (this.#socket === socket) this.#onLost();
        this.#leaving.delete(socket);
        for (const drain of [...this.#drains.values()]) settled(drain, socket);
      });
      // An idle link must not keep a command alive.
      socket.unref();
    });
  }

  #onMessage(message: FromRouter, socket: Socket): void {
    switch (message.kind) {
      case "leaving":
        this.#leaving.add(socket);
        if (this.#socket === socket) this.#onLost();
        return;
      case "table":
        if (this.#leaving.has(socket)) return;
        this.#version = message.version;
        for (const [settle, version] of this.#announcements) {
          if (message.version !== null && message.version >= version) settle({ kind: "acknowledged" });
        }
        return;
      case "refused":
        for (const [settle, version] of this.#announcements) {
          if (version === message.version) settle({ kind: "refused", reason: message.reason });
        }
        return;
      case "drained": {
        const drain = this.#drains.get(message.id);
        if (drain !== undefined) settled(drain, socket);
        return;
      }
      case "wake":
        for (const listener of this.#wakeListeners) listener(message.environment);
        return;
      case "certificate-wanted":
        for (const listener of this.#wantListeners) listener(message.host);
        return;
      case "idle":
        this.#questions.get(message.id)?.(message.idleMs);
        this.#questions.delete(message.id);
        return;
      case "report":
        this.#reports.get(message.id)?.(message.report);
        this.#reports.delete(message.id);
    }
  }

  #routers(): readonly Socket[] {
    return [...(this.#socket === null ? [] : [this.#socket]), ...this.#leaving];
  }

  /** The router ended, or is about to. The next one reads the snapshot; what waited for a word asks the next one. */
  #onLost(): void {
    this.#socket = null;
    this.#version = null;
    for (const settle of this.#questions.values()) settle(null);
    this.#questions.clear();
    for (const settle of this.#reports.values()) settle(null);
    this.#reports.clear();
    for (const drain of this.#drains.values()) drain.waitingFor.add(null);
    if (this.#closed) return;
    if (this.#wakeListeners.length + this.#wantListeners.length > 0) void this.#listenAgain();
    for (const [settle, version] of [...this.#announcements]) {
      this.#reannounce(version).then(settle, () => settle({ kind: "down" }));
    }
    if (this.#drains.size > 0) void this.#connectForDrains();
  }

  async #reannounce(version: number): Promise<Announced> {
    if (!(await this.#connected())) return { kind: "down" };
    this.#send({ kind: "apply", version });
    return this.#version !== null && this.#version >= version ? { kind: "acknowledged" } : new Promise(() => {});
  }

  /** Whoever listens keeps the link up. */
  async #listenAgain(): Promise<void> {
    while (!this.#closed && !(await this.#connected())) await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL_MS).unref());
  }

  /** Watches go out when the link is there; where no router comes back, nothing is in flight. */
  async #connectForDrains(): Promise<void> {
    for (let waitedMs = 0; !this.#closed && this.#drains.size > 0; waitedMs += RETRY_INTERVAL_MS) {
      if (await this.#connected()) return;
      if (waitedMs >= GONE_AFTER_MS) {
        for (const drain of [...this.#drains.values()]) settled(drain, null);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL_MS));
    }
  }

  #send(message: ToRouter): void {
    this.#socket?.write(messageLine(message));
  }
}

/** A router that hangs takes connections and says nothing: deploys hear of it in time instead of waiting in their lock for ever. */
async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T | "late"> {
  const over = new AbortController();
  try {
    return await Promise.race([work, sleep(timeoutMs, "late" as const, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}

function watch(socket: Socket, id: number, drain: Drain): void {
  drain.waitingFor.add(socket);
  socket.write(messageLine({ kind: "watch", id, addresses: drain.addresses }));
}

function settled(drain: Drain, socket: Socket | null): void {
  if (drain.waitingFor.delete(socket) && drain.waitingFor.size === 0) drain.onDrained();
}
