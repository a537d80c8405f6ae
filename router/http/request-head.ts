/** A client's request head: read once, strictly, into what the router decides by. Everything ambiguous is refused (H26). */
import { BadMessage } from "./bad-message.ts";
import { type Fields, isToken, MAX_LINE_BYTES, readFields, refuseForbiddenCharacters } from "./fields.ts";
import { type Framing, framingOf, NO_BODY, once } from "./framing.ts";

export interface RequestHead {
  readonly method: string;
  /** Origin form (`/path?query`), or `*` for OPTIONS. */
  readonly target: string;
  readonly minor: 0 | 1;
  /** The Host header as sent; empty where an HTTP/1.0 client sent none. */
  readonly host: string;
  readonly fields: Fields;
  readonly framing: Framing;
  /** The client wants to send more on this connection. */
  readonly keepAlive: boolean;
  /** A WebSocket handshake. Other upgrades are not offered: the header is dropped. */
  readonly upgrade: boolean;
  readonly expectContinue: boolean;
  /** The client takes trailer fields of the answer (`TE: trailers`, RFC 9110 10.1.4). */
  readonly wantsTrailers: boolean;
  /** Fields that the Connection header names: hop-by-hop too. */
  readonly nominated: readonly string[];
  readonly requestId: string | null;
  readonly accept: string;
}

const TARGET = /^[\x21-\x7e\x80-\xff]+$/;
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;
const MAX_METHOD_LENGTH = 32;

/** `head`: latin1 text up to and with the CRLF of its last line, without the empty line. Throws BadMessage. */
export function readRequestHead(head: string): RequestHead {
  refuseForbiddenCharacters(head);
  const lineEnd = head.indexOf("\r\n");
  const line = requestLine(head, lineEnd);
  const fields = readFields(head, lineEnd + 2);
  let host: string | null = null;
  let contentLength: string | null = null;
  let transferEncoding: string | null = null;
  let connection = "";
  let upgrade = "";
  let expect = "";
  let requestId: string | null = null;
  let accept = "";
  let te = "";
  for (let i = 0; i < fields.keys.length; i++) {
    const value = fields.values[i] as string;
    switch (fields.keys[i]) {
      case "host":
        host = once(host, value, "Host");
        break;
      case "content-length":
        contentLength = once(contentLength, value, "Content-Length");
        break;
      case "transfer-encoding":
        transferEncoding = once(transferEncoding, value, "Transfer-Encoding");
        break;
      case "connection":
        connection = connection === "" ? value : `${connection},${value}`;
        break;
      case "upgrade":
        upgrade = value;
        break;
      case "expect":
        expect = value;
        break;
      case "x-request-id":
        requestId = value;
        break;
      case "accept":
        accept = value;
        break;
      case "te":
        te = te === "" ? value : `${te},${value}`;
        break;
    }
  }
  const { method, minor } = line;
  const checkedHost = hostOf(host, minor);
  const framing = framingOf({ contentLength, transferEncoding }, minor, NO_BODY);
  const options = connection === "" ? NO_OPTIONS : connection.toLowerCase().split(",").map(trim);
  return {
    method,
    target: originForm(line.target, method, checkedHost),
    minor,
    host: checkedHost,
    fields,
    framing,
    keepAlive: minor === 1 ? !options.includes("close") : options.includes("keep-alive"),
    upgrade: isWebSocket(upgrade, options, method, minor, framing),
    expectContinue: expectsContinue(expect, minor),
    wantsTrailers: te !== "" && minor === 1 && te.toLowerCase().split(",").map(trim).includes("trailers"),
    nominated: options,
    requestId,
    accept,
  };
}

const NO_OPTIONS: readonly string[] = [];

function requestLine(head: string, end: number): { readonly method: string; readonly target: string; readonly minor: 0 | 1 } {
  if (end > MAX_LINE_BYTES) throw new BadMessage(`a request line over ${MAX_LINE_BYTES} bytes`, 414);
  const first = head.indexOf(" ");
  const second = head.indexOf(" ", first + 1);
  if (first < 1 || second < 0 || second > end) throw new BadMessage("a request line that is not `METHOD target HTTP/1.1`");
  const method = head.slice(0, first);
  const target = head.slice(first + 1, second);
  const version = head.slice(second + 1, end);
  if (!isToken(method) || method.length > MAX_METHOD_LENGTH) throw new BadMessage("a method that is not a token");
  if (!TARGET.test(target)) throw new BadMessage("a request target with forbidden characters");
  if (version !== "HTTP/1.1" && version !== "HTTP/1.0") throw new BadMessage("a version other than HTTP/1.1 and HTTP/1.0", 505);
  return { method, target, minor: version === "HTTP/1.1" ? 1 : 0 };
}

function hostOf(host: string | null, minor: 0 | 1): string {
  if (host === null || host === "") {
    if (minor === 1) throw new BadMessage("no Host header");
    return "";
  }
  if (!HOST.test(host)) throw new BadMessage("a Host header with forbidden characters");
  return host;
}

/** Absolute form is taken only where it says the same as Host; authority form (CONNECT) never. */
function originForm(target: string, method: string, host: string): string {
  if (target.charCodeAt(0) === 0x2f && method !== "CONNECT") return target;
  if (target === "*" && method === "OPTIONS") return target;
  const absolute = /^http:\/\/([^/?#]+)(.*)$/i.exec(target);
  if (absolute === null || method === "CONNECT") throw new BadMessage("a request target that is not a path");
  const [, authority = "", rest = ""] = absolute;
  if (authority.toLowerCase() !== host.toLowerCase()) throw new BadMessage("a request target for another host than the Host header's");
  if (rest === "") return method === "OPTIONS" ? "*" : "/";
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function isWebSocket(upgrade: string, options: readonly string[], method: string, minor: 0 | 1, framing: Framing): boolean {
  if (upgrade === "" || minor === 0 || method !== "GET" || !options.includes("upgrade")) return false;
  if (upgrade.toLowerCase() !== "websocket") return false;
  if (framing.kind !== "none") throw new BadMessage("a body in an upgrade request");
  return true;
}

function expectsContinue(expect: string, minor: 0 | 1): boolean {
  if (expect === "" || minor === 0) return false;
  if (expect.toLowerCase() !== "100-continue") throw new BadMessage("an expectation other than 100-continue", 417);
  return true;
}

function trim(text: string): string {
  return text.trim();
}

/** The value of a field that may be there once; null: it is not there. */
export function fieldOf(request: RequestHead, key: string): string | null {
  const at = request.fields.keys.indexOf(key);
  return at < 0 ? null : (request.fields.values[at] ?? null);
}
