/** A site's rules as nginx's directives: maps from the path as it was sent, and conditions that return. Pure. */
import { PushboatError } from "../core/index.ts";
import type { SiteHeader, SiteRedirect, SiteRules } from "./site-rules.ts";

/** One variable of a process's environment holds at most 128 KiB (Linux, MAX_ARG_STRLEN). */
const MAX_BYTES = 120_000;

/** Environment of the server's start script. SITE_HTTP: maps; SITE_FIRST: before files; SITE_MISSING: where there is no file. */
export function siteEnvironment(rules: SiteRules): Readonly<Record<string, string>> {
  const text = {
    SITE_HTTP: maps(rules).join("\n"),
    SITE_FIRST: [...(rules.httpsOnly ? [HTTPS_ONLY] : []), ...rules.redirects.filter(({ force }) => force).map(condition)].join("\n"),
    SITE_HEADERS: headerNames(rules).map(addHeader).join("\n"),
    SITE_MISSING: rules.redirects
      .filter(({ force }) => !force)
      .map(condition)
      .join("\n"),
    SITE_MISSING_ASSET: rules.redirects
      .filter(({ force, status }) => !force && status !== 200)
      .map(condition)
      .join("\n"),
    SITE_ERROR_PAGE: rules.errorPage,
  };
  for (const [name, value] of Object.entries(text)) {
    if (Buffer.byteLength(value) <= MAX_BYTES) continue;
    throw new PushboatError({
      code: "build/site-rules",
      message: `${rules.sources.join(", ")}: more rules than a server for files can take (${name} has ${Math.ceil(Buffer.byteLength(value) / 1024)} kB)`,
      hint: "Join rules with * and :name, or let a server of your own answer them.",
    });
  }
  return Object.fromEntries(Object.entries(text).filter(([, value]) => value !== ""));
}

/** The router says what the visitor's own connection was. */
const HTTPS_ONLY = 'if ($http_x_forwarded_proto = "http") { return 301 https://$host$request_uri; }';

/** Headers that every answer has, unless the site says otherwise; the first is the variable that the server's configuration sets. */
const DEFAULTS: Readonly<Record<string, string>> = { "cache-control": "$pushboat_cache", "x-content-type-options": "nosniff" };

function maps(rules: SiteRules): readonly string[] {
  return headerNames(rules).map((name, index) => {
    const entries = rules.headers.filter((header) => header.name.toLowerCase() === name).reverse();
    const lines = entries.map((header) => `  ${quoted(`~${anonymous(header)}`)} ${quoted(header.value)};`);
    return [`map $sent_path $site_header_${index} {`, ...unique(lines), `  default "${DEFAULTS[name] ?? ""}";`, "}"].join("\n");
  });
}

function headerNames({ headers }: SiteRules): readonly string[] {
  return [...new Set([...Object.keys(DEFAULTS), ...headers.map(({ name }) => name.toLowerCase())])];
}

function addHeader(name: string, index: number): string {
  return `add_header ${name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())} $site_header_${index} always;`;
}

/** The groups of a map's expressions would become variables that nobody reads. */
function anonymous({ for: { expression } }: SiteHeader): string {
  return expression.replace(/\(\?<\w+>/g, "(?:");
}

/** The last rule for a path counts: a map takes the first, and refuses the same expression twice. */
function unique(lines: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return lines.filter((line) => {
    const expression = line.slice(0, line.indexOf('" "'));
    return !seen.has(expression) && seen.add(expression);
  });
}

/** Named groups: those with numbers are lost at the next expression. */
function condition({ from, to, status }: SiteRedirect): string {
  // A rewrite looks for a file, whose name is decoded; what is sent back to the visitor must not be.
  const path = status === 200 ? "$uri" : "$sent_path";
  const expression = from.names.reduce((text, name) => text.replace(`(?<${name}>`, `(?<site_${name}>`), from.expression);
  return `if (${path} ~ ${quoted(expression)}) { ${action(to, status)} }`;
}

function action(to: string, status: SiteRedirect["status"]): string {
  if (status === 404 || status === 410) return `return ${status};`;
  if (status !== 200) return `return ${status} "${filled(to)}${to.includes("?") ? "" : "$is_args$args"}";`;
  return `rewrite ^ "${filled(to.endsWith("/") ? `${to}index.html` : to)}" break;`;
}

function filled(to: string): string {
  const start = /^https?:\/\/[^/]*/.exec(to)?.[0].length ?? 0;
  return escaped(to.slice(0, start)) + escaped(to.slice(start)).replace(/:([A-Za-z]\w*)/g, (_, name: string) => variable(`site_${name}`));
}

function quoted(text: string): string {
  return `"${escaped(text, text.startsWith("~") || text.startsWith("^"))}"`;
}

/** nginx has no way to write a dollar sign but a variable that holds one; in an expression it is no variable. */
function escaped(text: string, isExpression = false): string {
  const plain = text.replace(/[\\"]/g, "\\$&");
  return isExpression ? plain : plain.replace(/\$/g, () => variable("site_dollar"));
}

function variable(name: string): string {
  return `$\{${name}}`;
}
