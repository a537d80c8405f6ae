/** `static.json` of Heroku's buildpack for static sites, as far as one server for files can follow it. */
import { z } from "zod";
import { checkShape, PushboatError } from "../core/index.ts";
import { findJsonError } from "./json-position.ts";
import { checkRedirect } from "./site-redirects.ts";
import { headerFault, NO_RULES, type PathPattern, pathPattern, REDIRECT_STATUSES, ruleError, type SiteRules } from "./site-rules.ts";

const FILE = "static.json";
const directory = z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[\w./-]+$/, "must be a directory of the repository");

const schema = z.strictObject({
  root: directory.optional(),
  /** They always are. */
  clean_urls: z.boolean().optional(),
  routes: z.record(z.string(), z.string()).optional(),
  redirects: z.record(z.string(), z.strictObject({ url: z.string(), status: z.literal([...REDIRECT_STATUSES]).optional() })).optional(),
  error_page: directory.optional(),
  headers: z.record(z.string(), z.record(z.string(), z.string())).optional(),
  https_only: z.boolean().optional(),
});

const DEFAULT_STATUS = 301;

export function parseStaticJson(text: string): SiteRules {
  const position = findJsonError(text);
  if (position !== null) throw ruleError(FILE, position.line, `column ${position.column}: expected ${position.expected}`);
  const value: unknown = JSON.parse(text);
  refuseUnserved(value);
  const json = checkShape(schema, value, FILE, "build/site-rules");
  const redirects = Object.entries(json.redirects ?? {}).map(([from, { url, status = DEFAULT_STATUS }]) =>
    checkRedirect({ from: globs(from), to: url, status, force: true }, at(`redirects/${from}`)),
  );
  const routes = Object.entries(json.routes ?? {}).map(([from, to]) =>
    checkRedirect({ from: globs(from), to: `/${to.replace(/^\//, "")}`, status: 200, force: false }, at(`routes/${from}`)),
  );
  const headers = Object.entries(json.headers ?? {}).flatMap(([path, entries]) => {
    const pattern = patternOf(path);
    return Object.entries(entries).map(([name, text_]) => {
      const wrong = headerFault(name, text_);
      if (wrong !== null) throw at(`headers/${path}`)(wrong);
      return { for: pattern, name, value: text_ };
    });
  });
  return {
    ...NO_RULES,
    redirects: [...redirects, ...routes],
    headers,
    errorPage: json.error_page === undefined ? NO_RULES.errorPage : `/${json.error_page}`,
    httpsOnly: json.https_only === true,
    root: json.root === undefined ? null : json.root.replace(/^\.\/|\/+$/g, ""),
    sources: [FILE],
  };
}

/** Its ** is any number of directories, its * is within one; a rule of ours has one star, for any. */
function globs(path: string): string {
  return path.replace(/\*\*/g, "*");
}

function patternOf(path: string): PathPattern {
  const pattern = pathPattern(globs(path));
  if (pattern === null) throw at(`headers/${path}`)("is not a path: it begins with /, and one * may stand in it");
  return pattern;
}

function at(path: string): (what: string) => Error {
  return (what) => ruleError(FILE, null, `${path}: ${what}`);
}

/** Keys that the original has, and that would be missed if they were left out silently. */
const UNSERVED: Readonly<Record<string, string>> = {
  basic_auth: "passwords are not asked for here",
  basic_auth_file: "passwords are not asked for here",
  proxies: "fetching from another host is not done here; let an app of yours do it",
  canonical_host: "hosts are the platform's: `domains:add`",
};

function refuseUnserved(value: unknown): void {
  const key = Object.keys((value as object | null) ?? {}).find((name) => UNSERVED[name] !== undefined);
  if (key === undefined) return;
  throw new PushboatError({
    code: "build/site-rules",
    message: `${FILE}: ${key}: ${UNSERVED[key]}`,
    hint: `Take ${key} out of ${FILE}, commit and push again.`,
  });
}
