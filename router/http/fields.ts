/** Header fields of one message, read strictly (RFC 9112 section 5): what two readers could understand in two ways is refused. */
import { BadMessage } from "./bad-message.ts";

export interface Fields {
  /** As sent. */
  readonly names: readonly string[];
  /** Lower case. */
  readonly keys: readonly string[];
  /** Without white space around them. */
  readonly values: readonly string[];
}

/** semantics.md: 8 KB a line. */
export const MAX_LINE_BYTES = 8192;
/** Four full lines; a Node app refuses more than 16 KB of head anyway. */
export const MAX_HEAD_BYTES = 32 * 1024;
const MAX_FIELDS = 200;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Control characters, and CR or LF that is not part of CRLF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** The whole head as latin1 text, the empty line not included: refuses control characters and bare CR or LF once for all lines. */
export function refuseForbiddenCharacters(head: string): void {
  if (FORBIDDEN.test(head)) throw new BadMessage("a control character, bare CR or bare LF in the head");
}

/** Reads the lines from `from` to the end of `head` (each with its CRLF). */
export function readFields(head: string, from: number): Fields {
  const names: string[] = [];
  const keys: string[] = [];
  const values: string[] = [];
  let at = from;
  while (at < head.length) {
    const end = head.indexOf("\r\n", at);
    const colon = head.indexOf(":", at);
    if (end < 0 || colon < 0 || colon >= end) throw new BadMessage("a header line without a colon");
    if (end - at > MAX_LINE_BYTES) throw new BadMessage(`a header line over ${MAX_LINE_BYTES} bytes`, 431);
    const name = head.slice(at, colon);
    // An obs-fold (a line that begins with a space) and white space before the colon fail here.
    if (!TOKEN.test(name)) throw new BadMessage("a header name with forbidden characters");
    names.push(name);
    keys.push(name.toLowerCase());
    values.push(trimmed(head, colon + 1, end));
    at = end + 2;
  }
  if (names.length > MAX_FIELDS) throw new BadMessage(`more than ${MAX_FIELDS} header lines`, 431);
  return { names, keys, values };
}

function trimmed(head: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(head.charCodeAt(start))) start++;
  while (end > start && isBlank(head.charCodeAt(end - 1))) end--;
  return head.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
