/** What a static site says of its own serving: redirects, headers, error page; as values, whichever file said it. */
import { PushboatError } from "../core/index.ts";

export interface SiteRules {
  readonly redirects: readonly SiteRedirect[];
  readonly headers: readonly SiteHeader[];
  /** Path of the page for what is not there: `/404.html`. */
  readonly errorPage: string;
  readonly httpsOnly: boolean;
  /** Instead of the directory that would be served. */
  readonly root: string | null;
  /** For a reader: `2 redirects of _redirects`. */
  readonly sources: readonly string[];
}

export interface SiteRedirect {
  readonly from: PathPattern;
  /** A path, or an address elsewhere; `:name` stands for what the pattern caught. */
  readonly to: string;
  readonly status: RedirectStatus;
  /** Even where there is a file. */
  readonly force: boolean;
}

/** 200: the other file is answered, the address stays. 404, 410: that there is nothing. */
export const REDIRECT_STATUSES = [200, 301, 302, 303, 307, 308, 404, 410] as const;
export type RedirectStatus = (typeof REDIRECT_STATUSES)[number];

export interface SiteHeader {
  readonly for: PathPattern;
  readonly name: string;
  readonly value: string;
}

/** A regular expression over the path as it was sent, whose named groups are those of `names`. */
export interface PathPattern {
  readonly expression: string;
  readonly names: readonly string[];
}

export const NO_RULES: SiteRules = { redirects: [], headers: [], errorPage: "/404.html", httpsOnly: false, root: null, sources: [] };

const HEADER_NAME = /^[A-Za-z0-9-]+$/;

/** The server's own business: a site that sets them breaks its own answers. */
const SERVER_HEADERS = new Set([
  ...["connection", "content-encoding", "content-length", "content-range", "content-type", "date", "etag", "keep-alive"],
  ...["last-modified", "location", "server", "trailer", "transfer-encoding", "upgrade", "vary"],
]);

/** null: it is one that a site may set. */
export function headerFault(name: string, value: string): string | null {
  if (!HEADER_NAME.test(name)) return `${JSON.stringify(name)} is not the name of a header`;
  if (name.toLowerCase() === "content-type") return "Content-Type follows from a file's ending; rename the file";
  if (name.toLowerCase() === "basic-auth") return "passwords are not asked for here";
  if (SERVER_HEADERS.has(name.toLowerCase())) return `${name} is the server's to set`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would end the header
  return value === "" || /[\u0000-\u0008\u000a-\u001f\u007f]/.test(value) ? `${name} has no value that a header can have` : null;
}

/** Characters that a path pattern may hold; all others have to be written as %XX. */
const PLAIN = /^[\w\-.~!'();@&=+,%/:*[\]$]+$/;

/** `/blog/*`, `/:year/:slug`. null: it is no pattern. `/a` matches `/a/` too, and `/a/*` matches `/a`, as on the hosts where the files come from. */
export function pathPattern(text: string): PathPattern | null {
  if (!text.startsWith("/") || !PLAIN.test(text)) return null;
  const names: string[] = [];
  const splatAtEnd = text.endsWith("/*");
  const body = splatAtEnd ? text.slice(0, -2) : text.replace(/(?<=.)\/$/, "");
  const parts = body.split(/(\*|:[A-Za-z]\w*)/).map((part) => {
    if (part === "*") return catching(names, "splat", ".*");
    return /^:[A-Za-z]/.test(part) ? catching(names, part.slice(1), "[^/]+") : literal(part);
  });
  const end = splatAtEnd ? `(?:/${catching(names, "splat", ".*")})?` : "/?";
  return new Set(names).size === names.length ? { expression: `^${parts.join("")}${body === "/" ? "" : end}$`, names } : null;
}

function catching(names: string[], name: string, what: string): string {
  names.push(name);
  return `(?<${name}>${what})`;
}

/** Without a backslash: nginx takes some of them away before it reads the expression. */
function literal(text: string): string {
  return text.replace(/[.*+?()[\]|$]/g, "[$&]");
}

export function ruleError(file: string, line: number | null, what: string): PushboatError {
  return new PushboatError({
    code: "build/site-rules",
    message: `${file}: ${line === null ? "" : `line ${line}: `}${what}`,
    hint: `Mend ${file}, commit and push again; docs/static-sites.md says what it may hold.`,
  });
}
