/** Heads between HTTP/2 and the HTTP/1.1 that the data path speaks (RFC 9113 8.3). The text goes through the same strict reader as any other. */
import type { ResponseHead } from "./http/response-head.ts";

export interface TranslatedHead {
  readonly method: string;
  /** With its empty line, latin1. */
  readonly text: string;
  /** The body is framed in chunks: its length is not said. */
  readonly chunked: boolean;
  readonly wantsTrailers: boolean;
}

/** Of one connection (RFC 9113 8.2.2); `host` is written from :authority. */
const OF_CONNECTION = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "te",
  "host",
]);
const LINE_BREAKING = /[\0\r\n]/;
/** Not read by anybody: the strict reader answers 400 for it. */
const REFUSED: TranslatedHead = { method: "GET", text: "refused\r\n\r\n", chunked: false, wantsTrailers: false };

/** `raw`: name, value, name, value, ..., pseudo-header fields first. */
export function requestHeadOf(raw: readonly string[], bodiless: boolean): TranslatedHead {
  if (raw.some((part) => LINE_BREAKING.test(part))) return REFUSED;
  const pseudo: Record<string, string> = {};
  const hosts = new Set<string>();
  const cookies: string[] = [];
  let lines = "";
  let hasLength = false;
  let wantsTrailers = false;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    const value = raw[at + 1] as string;
    if (name.startsWith(":")) pseudo[name] = value;
    else if (name === "host") hosts.add(value.toLowerCase());
    else if (name === "cookie") cookies.push(value);
    else if (!OF_CONNECTION.has(name)) {
      // A length without a body would have the router wait for it.
      if (name === "content-length" && bodiless && value !== "0") return REFUSED;
      if (name === "content-length") hasLength = true;
      lines += `${name}: ${value}\r\n`;
    }
    // The one value that it may have here (RFC 9113 8.2.2).
    else if (name === "te" && value === "trailers") wantsTrailers = true;
  }
  const authority = pseudo[":authority"] ?? [...hosts][0] ?? "";
  // Two names for one request: whoever reads the other one is deceived.
  if (hosts.size > 1 || (hosts.size === 1 && !hosts.has(authority.toLowerCase()))) return REFUSED;
  const method = pseudo[":method"] ?? "";
  const target = pseudo[":path"] ?? authority;
  // In a request line they would be one word more.
  if (method.includes(" ") || target.includes(" ")) return REFUSED;
  const chunked = !bodiless && !hasLength;
  return {
    method,
    chunked,
    wantsTrailers,
    text:
      `${method} ${target} HTTP/1.1\r\nHost: ${authority}\r\n${lines}` +
      `${cookies.length > 0 ? `cookie: ${cookies.join("; ")}\r\n` : ""}${wantsTrailers ? "te: trailers\r\n" : ""}${chunked ? "Transfer-Encoding: chunked\r\n" : ""}Connection: close\r\n\r\n`,
  };
}

/** name, value, ...: in lower case, without what belongs to a connection. */
export function answerFields({ fields, nominated }: Pick<ResponseHead, "fields" | "nominated">): readonly string[] {
  return fields.keys.flatMap((key, at) => (OF_CONNECTION.has(key) || nominated.includes(key) ? [] : [key, fields.values[at] as string]));
}
