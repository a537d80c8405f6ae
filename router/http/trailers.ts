/** Trailer fields of an answer (RFC 9110 6.5): those that a client may take for metadata of the body, nothing that frames, routes or authenticates. */
import { type Fields, readFields, refuseForbiddenCharacters } from "./fields.ts";

/** RFC 9110 6.5.1, and what belongs to a connection. */
const NEVER_TRAILERS = new Set([
  "age",
  "authorization",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "date",
  "expires",
  "host",
  "keep-alive",
  "location",
  "proxy-authenticate",
  "proxy-connection",
  "retry-after",
  "set-cookie",
  "strict-transport-security",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "vary",
  "www-authenticate",
]);

/** `text`: whole lines, latin1. Throws BadMessage. */
export function readTrailers(text: string): Fields {
  refuseForbiddenCharacters(text);
  const { names, keys, values } = readFields(text, 0);
  const kept = keys.flatMap((key, at) => (NEVER_TRAILERS.has(key) ? [] : [at]));
  return {
    names: kept.map((at) => names[at] as string),
    keys: kept.map((at) => keys[at] as string),
    values: kept.map((at) => values[at] as string),
  };
}

export function trailerLines({ names, values }: Fields): string {
  return names.map((name, at) => `${name}: ${values[at]}\r\n`).join("");
}
