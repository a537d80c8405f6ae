/** Where a drain leads: judged when it is added, shown without its password. Pure. */
import { PushboatError, quote } from "../../core/index.ts";

export interface DrainTarget {
  readonly kind: "syslog" | "https";
  /** As given. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

/** RFC 5425 4.1. */
const SYSLOG_TLS_PORT = 6514;
const HTTPS_PORT = 443;
const LONGEST_URL = 2000;

export function parseDrainUrl(text: string): DrainTarget {
  // `syslog+tls` is no scheme that the URL standard has rules for: read as one that has.
  const url = URL.parse(text.replace(/^syslog\+tls:/, "https:"));
  const isSyslog = text.startsWith("syslog+tls://");
  const isPlainPath = url !== null && (url.pathname === "/" || url.pathname === "") && url.search === "" && url.username === "";
  const fits = isSyslog ? isPlainPath : text.startsWith("https://");
  if (url === null || !fits || url.hash !== "" || text.length > LONGEST_URL) {
    throw new PushboatError({
      code: "drains/url",
      message: `${quote(hidden(text))} is not an address that logs can be sent to`,
      hint: "Give syslog+tls://HOST:PORT (RFC 5424 over TLS) or https://HOST/PATH, which gets JSON.",
    });
  }
  const explicit = /:(\d+)$/.exec(text.replace(/^[a-z+]+:\/\//, "").split(/[/?]/)[0] ?? "")?.[1];
  return {
    kind: isSyslog ? "syslog" : "https",
    url: text,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: explicit === undefined ? (isSyslog ? SYSLOG_TLS_PORT : HTTPS_PORT) : Number(explicit),
  };
}

/** Neither passwords nor the values of a query, which hold tokens as often. */
export function hidden(url: string): string {
  return url.replace(/\/\/([^/@:]*):[^/@]*@/, "//$1:***@").replace(/([?&][^=&]*=)[^&#]*/g, "$1***");
}
