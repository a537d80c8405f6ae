/** The head that an instance gets: the client's fields without hop-by-hop ones, with what the edge knows. */
import type { RequestHead } from "./request-head.ts";

export interface ForwardingFacts {
  readonly clientAddress: string;
  readonly requestId: string;
  readonly startMs: number;
  readonly protocol: "http" | "https";
  readonly port: number;
  /** The Authorization field was for the router (a protected environment): the app does not get it. */
  readonly hidesAuthorization: boolean;
}

/** RFC 9110 7.6.1, what this router frames or says itself, and what clients must not be able to claim (`Proxy` is httpoxy). */
const NOT_FORWARDED = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy",
  "te",
  "trailer",
  "transfer-encoding",
  "content-length",
  "upgrade",
  "host",
  "x-request-id",
  "x-request-start",
  "x-real-ip",
  "forwarded",
]);

/** Lines of the client's fields that go on, each with CRLF; Host first. */
export function forwardedLines(request: RequestHead, facts: Pick<ForwardingFacts, "hidesAuthorization">): string {
  const { names, keys, values } = request.fields;
  let lines = request.host === "" ? "" : `Host: ${request.host}\r\n`;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    if (facts.hidesAuthorization && key === "authorization") continue;
    if (isForwarded(key, request)) lines += `${names[i]}: ${values[i]}\r\n`;
  }
  return lines;
}

function isForwarded(key: string, request: RequestHead): boolean {
  if (NOT_FORWARDED.has(key) || key.startsWith("x-forwarded-")) return false;
  if (key === "expect") return request.expectContinue;
  if (request.nominated.length > 0 && request.nominated.includes(key)) return false;
  return !isLookalike(key);
}

/** CGI-like servers read `X_Forwarded_For` and `Content_Length` as the real thing. */
function isLookalike(key: string): boolean {
  if (!key.includes("_")) return false;
  const real = key.replaceAll("_", "-");
  return NOT_FORWARDED.has(real) || real.startsWith("x-forwarded-");
}

/** What the edge adds, each line with CRLF. */
export function addedLines(request: RequestHead, facts: ForwardingFacts): string {
  return (
    `X-Request-Id: ${facts.requestId}\r\nX-Forwarded-For: ${facts.clientAddress}\r\nX-Forwarded-Proto: ${facts.protocol}\r\n` +
    `X-Forwarded-Port: ${facts.port}\r\nX-Forwarded-Host: ${request.host}\r\nX-Request-Start: ${facts.startMs}\r\nVia: 1.${request.minor} pushboat\r\n`
  );
}

export function forwardedHead(request: RequestHead, facts: ForwardingFacts): string {
  const trailers = request.wantsTrailers ? "TE: trailers\r\nConnection: TE\r\n" : "";
  const head = `${request.method} ${request.target} HTTP/1.1\r\n${forwardedLines(request, facts)}${addedLines(request, facts)}${trailers}`;
  if (request.framing.kind === "length") return `${head}Content-Length: ${request.framing.length}\r\n\r\n`;
  return request.framing.kind === "chunked" ? `${head}Transfer-Encoding: chunked\r\n\r\n` : `${head}\r\n`;
}
