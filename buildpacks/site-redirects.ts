/** `_redirects`, as Netlify and Cloudflare read it: FROM TO [STATUS], a line for each; the first that matches counts. */
import { pathPattern, REDIRECT_STATUSES, type RedirectStatus, ruleError, type SiteRedirect } from "./site-rules.ts";

const DEFAULT_STATUS = 301;

export function parseRedirects(text: string, file: string): readonly SiteRedirect[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const words = line
      .replace(/(^|\s)#.*$/, "")
      .trim()
      .split(/\s+/);
    return words[0] === "" ? [] : [parseLine(words, (what) => ruleError(file, index + 1, what))];
  });
}

function parseLine(words: readonly string[], fault: (what: string) => Error): SiteRedirect {
  const [from = "", ...rest] = words;
  if (/^[a-z]+:\/\//i.test(from))
    throw fault(`${JSON.stringify(from)} names a host: every host of the app has the same rules; write the path alone`);
  const query = rest.find((word) => /^\w+=:?\w+$/.test(word) && !word.startsWith("/"));
  if (query !== undefined) throw fault(`conditions (${query}) are not known here: only FROM TO STATUS`);
  const [to, status = String(DEFAULT_STATUS), more] = rest;
  if (to === undefined) throw fault(`${JSON.stringify(from)} has no target: write FROM TO STATUS, for example  /old /new 301`);
  if (more !== undefined) throw fault(`${JSON.stringify(more)} is one word too many: only FROM TO STATUS`);
  const code = Number(/^(\d{3})!?$/.exec(status)?.[1]);
  if (!isRedirectStatus(code)) throw fault(`${JSON.stringify(status)} is none of the statuses ${REDIRECT_STATUSES.join(", ")}`);
  return checkRedirect({ from, to, status: code, force: status.endsWith("!") }, fault);
}

function isRedirectStatus(code: number): code is RedirectStatus {
  return (REDIRECT_STATUSES as readonly number[]).includes(code);
}

export interface WrittenRedirect {
  readonly from: string;
  readonly to: string;
  readonly status: RedirectStatus;
  readonly force: boolean;
}

/** What both kinds of file have to keep to. */
export function checkRedirect({ from, to, status, force }: WrittenRedirect, fault: (what: string) => Error): SiteRedirect {
  const pattern = pathPattern(from);
  if (pattern === null) throw fault(`${JSON.stringify(from)} is not a path: it begins with /, and * and each :name stand in it once`);
  const elsewhere = /^https?:\/\/[^/\s]/.test(to);
  if (!elsewhere && !/^\/(?![/\\])/.test(to))
    throw fault(`${JSON.stringify(to)} is neither a path that begins with one / nor an http address`);
  if (status === 200 && elsewhere)
    throw fault(
      `${JSON.stringify(to)} is on another host: fetching from there (status 200) is not done here; redirect, or let an app of yours do it`,
    );
  const unknown = [...to.replace(/^https?:\/\/[^/]*/, "").matchAll(/:([A-Za-z]\w*)/g)].find(
    ([, name]) => !pattern.names.includes(name ?? ""),
  );
  if (unknown !== undefined) throw fault(`${JSON.stringify(to)} uses ${unknown[0]}, which ${JSON.stringify(from)} does not catch`);
  return { from: pattern, to, status, force };
}
