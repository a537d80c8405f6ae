/** Who asks, and how: the peer itself, or what a trusted proxy says of the client behind it. Pure. */
import { type BlockList, isIP } from "node:net";
import type { Fields } from "./http/fields.ts";
import { isInNetworks } from "./networks.ts";

export interface Origin {
  readonly clientAddress: string;
  readonly protocol: "http" | "https";
  /** That the client used; X-Forwarded-Port. */
  readonly port: number;
}

const DEFAULT_PORTS = { http: 80, https: 443 } as const;

/**
 * `peer`: a proxy that is trusted. Of X-Forwarded-For its own word is the last one; where that is a trusted proxy too, the one before it, and so on:
 * what stands left of the first untrusted address is that client's claim.
 */
export function originBehind(peer: Origin, fields: Fields, trusted: BlockList): Origin {
  const protocol = lastOf(fields, "x-forwarded-proto")?.toLowerCase();
  const scheme = protocol === "http" || protocol === "https" ? protocol : null;
  const port = lastOf(fields, "x-forwarded-port");
  return {
    clientAddress: clientBehind(peer.clientAddress, fields, trusted),
    protocol: scheme ?? peer.protocol,
    port: port !== null && isPort(port) ? Number(port) : scheme === null ? peer.port : DEFAULT_PORTS[scheme],
  };
}

function clientBehind(peer: string, fields: Fields, trusted: BlockList): string {
  let client = peer;
  for (const claimed of allOf(fields, "x-forwarded-for").reverse()) {
    const address = addressOf(claimed);
    if (address === null) return client;
    client = address;
    if (!isInNetworks(trusted, address)) return client;
  }
  return client;
}

/** Some proxies write `203.0.113.7:1234`, `[2001:db8::1]` or `[2001:db8::1]:1234`; null: none of these. */
function addressOf(text: string): string | null {
  const [, inBrackets, beforePort] = /^(?:\[([0-9a-f:.]+)\]|([\d.]+))(?::\d{1,5})?$/i.exec(text) ?? [];
  const address = (inBrackets ?? beforePort ?? text).replace(/^::ffff:(?=\d+\.)/i, "");
  return isIP(address) === 0 || address.includes("%") ? null : address;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535;
}

function lastOf(fields: Fields, key: string): string | null {
  return allOf(fields, key).at(-1) ?? null;
}

/** Repeated fields are one list (RFC 9110 5.3). */
function allOf({ keys, values }: Fields, key: string): string[] {
  return values
    .filter((_, at) => keys[at] === key)
    .flatMap((value) => value.split(","))
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
