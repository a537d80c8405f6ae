/** `_headers`, as Netlify and Cloudflare read it: a path, then indented `Name: value` lines. */
import { headerFault, type PathPattern, pathPattern, ruleError, type SiteHeader } from "./site-rules.ts";

export function parseHeaders(text: string, file: string): readonly SiteHeader[] {
  const headers: SiteHeader[] = [];
  let pattern: PathPattern | null = null;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const fault = (what: string): Error => ruleError(file, index + 1, what);
    const words = line.trim();
    if (words === "" || words.startsWith("#")) continue;
    if (!/^\s/.test(line)) {
      pattern = pathPattern(words);
      if (pattern === null)
        throw fault(
          `${JSON.stringify(words)} is not a path: it begins with /, and * and each :name stand in it once; headers are indented below it`,
        );
      continue;
    }
    if (pattern === null) throw fault("a header before the first path: write  /*  on a line of its own above it");
    if (words.startsWith("!")) throw fault("taking a header away again is not known here: write its rule for the paths that shall have it");
    const [, name = "", value = ""] = /^([^:]*):(.*)$/.exec(words) ?? [];
    if (name === "") throw fault(`${JSON.stringify(words)} is not  Name: value`);
    const wrong = headerFault(name.trim(), value.trim());
    if (wrong !== null) throw fault(wrong);
    headers.push({ for: pattern, name: name.trim(), value: value.trim() });
  }
  return headers;
}
