/** What an HTTP request says about who sends it and how it came; the router in front is the only one who reaches the socket. */
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

export interface Origin {
  /** Address of the client, as the router saw it; `unknown` without one. */
  readonly address: string;
  readonly encrypted: boolean;
  readonly loopback: boolean;
}

/** The last element of each header is the router's own; what stands before it, clients may have made up. */
export function originOf(headers: IncomingHttpHeaders): Origin {
  const address = last(headers["x-forwarded-for"]).replace(/^::ffff:/, "");
  return {
    address: isIP(address) === 0 ? "unknown" : address,
    encrypted: last(headers["x-forwarded-proto"]).toLowerCase() === "https",
    loopback: address === "::1" || (isIP(address) === 4 && address.startsWith("127.")),
  };
}

/** The token of `Authorization: Basic` (as password, with any user name) or `Bearer`; null where there is none. */
export function tokenOf(authorization: string | undefined): string | null {
  const [, scheme, value] = /^(basic|bearer) +(\S+)$/i.exec(authorization ?? "") ?? [];
  if (scheme === undefined || value === undefined) return null;
  if (scheme.toLowerCase() === "bearer") return value;
  const pair = Buffer.from(value, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  return colon < 0 || colon === pair.length - 1 ? null : pair.slice(colon + 1);
}

function last(header: string | string[] | undefined): string {
  const text = Array.isArray(header) ? header.join(",") : (header ?? "");
  return text.slice(text.lastIndexOf(",") + 1).trim();
}
