/** The head that a client gets: the instance's answer without hop-by-hop fields, framed for this client. */
import type { ResponseHead } from "./response-head.ts";

export interface ClientFacts {
  readonly method: string;
  readonly minor: 0 | 1;
  /** We will read another request on this connection. */
  readonly keepAlive: boolean;
  /** Trailers go on, so their announcement does too. */
  readonly wantsTrailers?: boolean;
  /** What the router says beside the app's own headers, each line with its CRLF. */
  readonly extraLines?: string;
}

const NOT_ANSWERED = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "content-length", "trailer", "upgrade"]);

export function answerHead(response: ResponseHead, client: ClientFacts): string {
  const { names, keys, values } = response.fields;
  let head = `HTTP/1.1 ${response.status} ${response.reason}\r\n`;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    if (NOT_ANSWERED.has(key) && !(key === "trailer" && client.wantsTrailers === true)) continue;
    if (response.nominated.length > 0 && response.nominated.includes(key)) continue;
    head += `${names[i]}: ${values[i]}\r\n`;
  }
  return `${head}${client.extraLines ?? ""}${framingLine(response, client)}${connectionLine(client)}\r\n`;
}

/** Without a body: what the instance said of a body that a GET would have had (HEAD, 304). */
function framingLine(response: ResponseHead, client: ClientFacts): string {
  const { framing } = response;
  if (framing.kind === "length") return `Content-Length: ${framing.length}\r\n`;
  if (framing.kind === "none") {
    const said = response.status === 204 ? -1 : response.fields.keys.indexOf("content-length");
    return said < 0 ? "" : `Content-Length: ${response.fields.values[said]}\r\n`;
  }
  return client.minor === 1 ? "Transfer-Encoding: chunked\r\n" : "";
}

function connectionLine(client: ClientFacts): string {
  if (client.minor === 1) return client.keepAlive ? "" : "Connection: close\r\n";
  return client.keepAlive ? "Connection: keep-alive\r\n" : "";
}

/** An interim answer (100, 103) as it goes on. */
export function interimHead(response: ResponseHead): string {
  const { names, values } = response.fields;
  return `HTTP/1.1 ${response.status} ${response.reason}\r\n${names.map((name, i) => `${name}: ${values[i]}\r\n`).join("")}\r\n`;
}
