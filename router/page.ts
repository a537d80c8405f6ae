/** The router's own answers: small pages, HTML or JSON as the client accepts. */
import { STATUS_CODES } from "node:http";
import { FAILURES, type Failure } from "./failure.ts";

const HTML = "text/html; charset=utf-8";
const UNAUTHORIZED = { code: null, status: 401, text: "This environment asks for a user name and a password." };

export interface Asker {
  readonly method: string;
  readonly accept: string;
  readonly minor: 0 | 1;
  readonly keepAlive: boolean;
  readonly requestId: string;
}

interface Content {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly retryAfter: number | null;
  /** Whole header lines. */
  readonly lines?: string;
}

/** HTML of an app's own; null: none. */
export interface PagesOfApp {
  readonly errorPage: string | null;
  readonly maintenancePage: string | null;
}

/** A whole answer, ready for the socket. `own`: of the app that failed; null where it is nobody's, or the client's fault. */
export function failurePage(failure: Failure, asker: Asker, own: PagesOfApp | null = null): Buffer {
  const page = own === null ? null : pageOfApp(failure, own);
  const content = wantsJson(asker.accept)
    ? failureJson(failure, asker)
    : page === null
      ? failureHtml(failure, asker)
      : { type: HTML, body: filledIn(page, failure, asker) };
  return answer({ ...content, status: failure.status, retryAfter: failure.retryAfter }, asker);
}

function pageOfApp(failure: Failure, own: PagesOfApp): string | null {
  if (failure === FAILURES.maintenance) return own.maintenancePage;
  return failure.status >= 500 ? own.errorPage : null;
}

/** Nothing that is filled in can be markup: request ids are checked (request-id.ts), the rest is ours. */
function filledIn(page: string, { code, status, description }: Failure, { requestId }: Asker): string {
  const words: Readonly<Record<string, string>> = { code: code ?? "", status: String(status), description, request_id: requestId };
  return page.replace(/\{\{ ?(code|status|description|request_id) ?\}\}/g, (_, word: string) => words[word] ?? "");
}

/** Asks for the password of a protected environment. */
export function unauthorizedPage(asker: Asker, environment: string): Buffer {
  const content = wantsJson(asker.accept)
    ? failureJson(UNAUTHORIZED, asker)
    : { type: HTML, body: html("401 Unauthorized", `<h1>401 Unauthorized</h1><p>${UNAUTHORIZED.text}</p>`) };
  const challenge = `WWW-Authenticate: Basic realm="${environment.replace(/[^ -~]|["\\]/g, "_")}", charset="UTF-8"\r\n`;
  return answer({ ...content, status: 401, retryAfter: null, lines: challenge }, asker);
}

/** 308 keeps the method and the body; what only reads gets the older 301. */
export function movedStatus(method: string): 301 | 308 {
  return method === "GET" || method === "HEAD" ? 301 : 308;
}

export function movedPage(asker: Asker, url: string): Buffer {
  const status = movedStatus(asker.method);
  const title = `${status} ${STATUS_CODES[status]}`;
  return answer({ status, type: HTML, body: html(title, `<h1>${title}</h1>`), retryAfter: null, lines: `Location: ${url}\r\n` }, asker);
}

export function plainPage(asker: Asker, body: string): Buffer {
  return answer({ status: 200, type: "text/plain; charset=utf-8", body, retryAfter: null }, asker);
}

export function welcomePage(asker: Asker): Buffer {
  const body = html("Pushboat", "<h1>Pushboat runs here.</h1><p>Applications answer at their own host names.</p>");
  return answer({ status: 200, type: HTML, body, retryAfter: null }, asker);
}

function wantsJson(accept: string): boolean {
  return /\bapplication\/(?:json|[\w.+-]+\+json)\b/i.test(accept) && !/\btext\/html\b/i.test(accept);
}

function failureJson(failure: Pick<Failure, "code" | "status" | "text">, asker: Asker): Pick<Content, "type" | "body"> {
  const error = { code: failure.code, status: failure.status, message: failure.text, request_id: asker.requestId };
  return { type: "application/json", body: `${JSON.stringify({ error })}\n` };
}

function failureHtml(failure: Failure, asker: Asker): Pick<Content, "type" | "body"> {
  const title = `${failure.status} ${STATUS_CODES[failure.status] ?? failure.description}`;
  const code = failure.code === null ? "" : `${failure.code} `;
  const body = html(
    title,
    `<h1>${title}</h1><p>${failure.text}</p><p><small>${code}${failure.description}, ${asker.requestId}</small></p>`,
  );
  return { type: HTML, body };
}

function html(title: string, content: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><body style="font:16px/1.5 system-ui;margin:15vh auto;max-width:32em;padding:0 1em">${content}</body></html>\n`;
}

function answer(content: Content, asker: Asker): Buffer {
  const retry = content.retryAfter === null ? "" : `Retry-After: ${content.retryAfter}\r\n`;
  const connection = asker.keepAlive ? (asker.minor === 0 ? "Connection: keep-alive\r\n" : "") : "Connection: close\r\n";
  const head =
    `HTTP/1.1 ${content.status} ${STATUS_CODES[content.status] ?? "Error"}\r\nDate: ${new Date().toUTCString()}\r\nContent-Type: ${content.type}\r\n` +
    `Content-Length: ${Buffer.byteLength(content.body)}\r\nCache-Control: no-store\r\nX-Request-Id: ${asker.requestId}\r\n${content.lines ?? ""}${retry}${connection}\r\n`;
  return Buffer.from(asker.method === "HEAD" ? head : head + content.body);
}
