/** Finds and reads what a static site says of its own serving. */
import { parseHeaders } from "./site-headers.ts";
import { parseRedirects } from "./site-redirects.ts";
import { NO_RULES, type SiteRules } from "./site-rules.ts";
import { parseStaticJson } from "./site-static-json.ts";
import type { SourceTree } from "./source-tree.ts";

/** Where a site's own files lie: what is served as it is, or what every builder copies into its output. */
const DIRECTORIES = ["", "public/", "static/", "dist/"] as const;

/** Configuration of other hosts that is not read; what it says beside the build would be missed. */
const OTHER_HOSTS = ["netlify.toml", "vercel.json", "firebase.json"] as const;

/** Throws PushboatError `build/site-rules` with file and line of what is wrong. */
export function readSiteRules(source: SourceTree): SiteRules {
  const json = source.texts.get("static.json");
  const base = json === undefined ? NO_RULES : parseStaticJson(json);
  const redirects = readFirst(source, "_redirects", parseRedirects);
  const headers = readFirst(source, "_headers", parseHeaders);
  return {
    ...base,
    redirects: [...(redirects?.rules ?? []), ...base.redirects],
    headers: [...base.headers, ...(headers?.rules ?? [])],
    sources: [...base.sources, ...(redirects === null ? [] : [redirects.file]), ...(headers === null ? [] : [headers.file])],
  };
}

export function siteWarnings(source: SourceTree): readonly string[] {
  return OTHER_HOSTS.filter((name) => source.entries.has(name)).map(
    (name) => `${name} is not read: redirects and headers are taken from _redirects, _headers and static.json (docs/static-sites.md)`,
  );
}

function readFirst<T>(source: SourceTree, name: string, parse: (text: string, file: string) => T): { rules: T; file: string } | null {
  const file = DIRECTORIES.map((prefix) => `${prefix}${name}`).find((path) => source.texts.has(path));
  return file === undefined ? null : { rules: parse(source.texts.get(file) ?? "", file), file };
}
