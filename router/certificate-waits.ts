/** Handshakes that wait for a certificate which control may order: bounded in number and time. */
import type { SecureContext } from "node:tls";
import type { HostName } from "../core/index.ts";
import { hostName } from "./host.ts";

export type OnContext = (context: SecureContext | null) => void;

/** An order takes some seconds; Node itself gives a handshake up after HANDSHAKE_TIMEOUT_MS. */
export const WAIT_MS = 8_000;
/** More are refused: they cost a socket each. */
const MAX_WAITING = 1_000;
/** What control said no to is not asked for again so soon. */
const REFUSED_MS = 5_000;

export class CertificateWaits {
  readonly #waiting = new Map<HostName, Set<OnContext>>();
  readonly #refusedUntilMs = new Map<HostName, number>();
  readonly #listeners = new Set<(host: HostName) => void>();
  #size = 0;

  /** `done` is called once. */
  wait(serverName: string, nowMs: number, done: OnContext): void {
    const host = hostName(serverName) as HostName;
    if (this.#size >= MAX_WAITING || (this.#refusedUntilMs.get(host) ?? 0) > nowMs) {
      done(null);
      return;
    }
    const others = this.#waiting.get(host);
    const waiting = others ?? new Set<OnContext>();
    this.#waiting.set(host, waiting);
    const settle: OnContext = (context) => {
      if (!waiting.delete(settle)) return;
      clearTimeout(timer);
      this.#size -= 1;
      if (waiting.size === 0) this.#waiting.delete(host);
      done(context);
    };
    const timer = setTimeout(() => settle(null), WAIT_MS);
    waiting.add(settle);
    this.#size += 1;
    if (others === undefined) for (const listener of this.#listeners) listener(host);
  }

  /** By new certificates. */
  settle(find: (host: HostName) => SecureContext | null): void {
    for (const [host, waiting] of this.#waiting) {
      const context = find(host);
      if (context !== null) for (const done of [...waiting]) done(context);
    }
  }

  /** Control has none and gets none soon. */
  refuse(host: HostName, nowMs: number): void {
    for (const [each, untilMs] of this.#refusedUntilMs) if (untilMs <= nowMs) this.#refusedUntilMs.delete(each);
    this.#refusedUntilMs.set(host, nowMs + REFUSED_MS);
    for (const done of [...(this.#waiting.get(host) ?? [])]) done(null);
  }

  /** Hears of every host that is waited for, those of before too. Answers how to stop. */
  onWanted(listener: (host: HostName) => void): () => void {
    this.#listeners.add(listener);
    for (const host of this.#waiting.keys()) listener(host);
    return () => this.#listeners.delete(listener);
  }
}
