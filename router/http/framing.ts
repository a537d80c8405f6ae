/** How long a body is (RFC 9112 section 6.3), decided from Content-Length and Transfer-Encoding alone. */
import { BadMessage } from "./bad-message.ts";

export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  /** Answers only: the body ends with the connection. */
  | { readonly kind: "until-close" };

export const NO_BODY: Framing = { kind: "none" };
export const CHUNKED: Framing = { kind: "chunked" };
export const UNTIL_CLOSE: Framing = { kind: "until-close" };

/** Collects the two headers while a head is read; refuses every doubt. */
export interface FramingHeaders {
  contentLength: string | null;
  transferEncoding: string | null;
}

export function framingOf(headers: FramingHeaders, minor: 0 | 1, otherwise: Framing): Framing {
  const { contentLength, transferEncoding } = headers;
  if (transferEncoding !== null) {
    if (contentLength !== null) throw new BadMessage("both Content-Length and Transfer-Encoding");
    if (minor === 0) throw new BadMessage("Transfer-Encoding in HTTP/1.0");
    if (transferEncoding.toLowerCase() !== "chunked") throw new BadMessage("a Transfer-Encoding other than chunked");
    return CHUNKED;
  }
  if (contentLength === null) return otherwise;
  if (!/^\d{1,15}$/.test(contentLength)) throw new BadMessage("a Content-Length that is not a number");
  const length = Number(contentLength);
  return { kind: "length", length };
}

/** A header that may come once only. */
export function once(before: string | null, value: string, name: string): string {
  if (before !== null) throw new BadMessage(`more than one ${name}`);
  return value;
}
