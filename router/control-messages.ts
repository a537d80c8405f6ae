/** What control and the router say to each other: one JSON object a line over a unix socket. */
import type { EnvironmentName, HostName, RouterReport } from "../core/index.ts";

export type ToRouter =
  /** A snapshot of at least this version is in place. Answered by `table` or `refused`. */
  | { readonly kind: "apply"; readonly version: number }
  /** Answered by `drained` once none of the addresses has a request in flight. */
  | { readonly kind: "watch"; readonly id: number; readonly addresses: readonly string[] }
  | { readonly kind: "unwatch"; readonly id: number }
  /** Handshakes that wait for this host's certificate are let go. */
  | { readonly kind: "no-certificate"; readonly host: HostName }
  /** Answered by `idle`. */
  | { readonly kind: "idle"; readonly id: number }
  /** Answered by `report`. */
  | { readonly kind: "report"; readonly id: number };

export type FromRouter =
  /** At the start of a connection and after each apply: the version that requests are answered by (null: none yet), and what is in flight where. */
  | { readonly kind: "table"; readonly version: number | null; readonly inFlight: Readonly<Record<string, number>> }
  | { readonly kind: "refused"; readonly version: number; readonly reason: string }
  | { readonly kind: "drained"; readonly id: number }
  /** Another router has taken over: ask that one. What is in flight here is still told. */
  | { readonly kind: "leaving" }
  /** A request waits for an environment that is asleep. */
  | { readonly kind: "wake"; readonly environment: EnvironmentName }
  /** A handshake waits for a certificate of this host. */
  | { readonly kind: "certificate-wanted"; readonly host: HostName }
  /** Milliseconds since the last request, by environment. */
  | { readonly kind: "idle"; readonly id: number; readonly idleMs: Readonly<Record<EnvironmentName, number>> }
  | { readonly kind: "report"; readonly id: number; readonly report: RouterReport };

/** A line of addresses is far below this; what is longer is no peer of ours. */
const MAX_LINE_LENGTH = 1024 * 1024;

/** Cuts a stream of text into messages; throws where it is none. */
export function messageReader<T>(onMessage: (message: T) => void): (text: string) => void {
  let unread = "";
  return (text) => {
    unread += text;
    if (unread.length > MAX_LINE_LENGTH && !unread.includes("\n")) throw new Error("a message without end");
    const lines = unread.split("\n");
    unread = lines.pop() ?? "";
    for (const line of lines) onMessage(JSON.parse(line) as T);
  };
}

export function messageLine(message: ToRouter | FromRouter): string {
  return `${JSON.stringify(message)}\n`;
}
