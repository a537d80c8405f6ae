/** An instance's answer head, read as strictly as a request: apps are not trusted to keep connections in step. */
import { BadMessage } from "./bad-message.ts";
import { type Fields, readFields, refuseForbiddenCharacters } from "./fields.ts";
import { type Framing, framingOf, NO_BODY, once, UNTIL_CLOSE } from "./framing.ts";

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
  readonly framing: Framing;
  /** The instance will answer more on this connection. */
  readonly keepAlive: boolean;
  readonly nominated: readonly string[];
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const NO_OPTIONS: readonly string[] = [];

/** `method`: of the request that this answers; HEAD has no body whatever the headers say. Throws BadMessage. */
export function readResponseHead(head: string, method: string): ResponseHead {
  refuseForbiddenCharacters(head);
  const lineEnd = head.indexOf("\r\n");
  const line = STATUS_LINE.exec(head.slice(0, lineEnd));
  if (line === null) throw new BadMessage("a status line that is not HTTP/1.1");
  const minor = line[1] === "1" ? 1 : 0;
  const status = Number(line[2]);
  const fields = readFields(head, lineEnd + 2);
  let contentLength: string | null = null;
  let transferEncoding: string | null = null;
  let connection = "";
  for (let i = 0; i < fields.keys.length; i++) {
    const value = fields.values[i] as string;
    switch (fields.keys[i]) {
      case "content-length":
        // Repeated with the same value is a known slip of applications; only a difference is ambiguous.
        if (contentLength !== value) contentLength = once(contentLength, value, "Content-Length");
        break;
      case "transfer-encoding":
        transferEncoding = once(transferEncoding, value, "Transfer-Encoding");
        break;
      case "connection":
        connection = connection === "" ? value : `${connection},${value}`;
        break;
    }
  }
  const bodiless = method === "HEAD" || status < 200 || status === 204 || status === 304;
  const framing = framingOf({ contentLength, transferEncoding }, minor, UNTIL_CLOSE);
  const options = connection === "" ? NO_OPTIONS : connection.toLowerCase().split(",").map(trim);
  const persistent = minor === 1 ? !options.includes("close") : options.includes("keep-alive");
  return {
    status,
    reason: line[3] ?? "",
    fields,
    framing: bodiless ? NO_BODY : framing,
    keepAlive: persistent && (bodiless || framing.kind !== "until-close"),
    nominated: options,
  };
}

function trim(text: string): string {
  return text.trim();
}
