/** The router's own answers: small pages, HTML or JSON as the client accepts. */
import { STATUS_CODES } from "node:http";
import type { Failure } from "./failure.ts";

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

/** A whole answer, ready for the socket. */
export function failurePage(failure: Failure, asker: Asker): Buffer {
  const content = wantsJson(asker.accept) ? failureJson(failure, asker) : failureHtml(failure, asker);
  return answer({ ...content, status: failure.status, retryAfter: failure.retryAfter }, asker);
}

/** Asks for the password of a protected environment. */
export function unauthorizedPage(asker: Asker, environment: string): Buffer {
  const body = html("401 Unauthorized", "<h1>401 Unauthorized</h1><p>This environment asks for a user name and a password.</p>");
  const challenge = `WWW-Authenticate: Basic realm="${environment.replace(/[^ -~]|["\\]/g, "_")}", charset="UTF-8"\r\n`;
  return answer({ status: 401, type: "text/html; charset=utf-8", body, retryAfter: null, lines: challenge }, asker);
}

/** 308 keeps the method and the body; what only reads gets the older 301. */
export function movedStatus(method: string): 301 | 308 {
  return method === "GET" || method === "HEAD" ? 301 : 308;
}

export function movedPage(asker: Asker, url: string): Buffer {
  const status = movedStatus(asker.method);
  const title = `${status} ${STATUS_CODES[status]}`;
  return answer(
    { status, type: "text/html; charset=utf-8", body: html(title, `<h1>${title}</h1>`), retryAfter: null, lines: `Location: ${url}\r\n` },
    asker,
  );
}

export function plainPage(asker: Asker, body: string): Buffer {
  return answer({ status: 200, type: "text/plain; charset=utf-8", body, retryAfter: null }, asker);
}

export function welcomePage(asker: Asker): Buffer {
  const body = html("Pushboat", "<h1>Pushboat runs here.</h1><p>Applications answer at their own host names.</p>");
  return answer({ status: 200, type: "text/html; charset=utf-8", body, retryAfter: null }, asker);
}

function wantsJson(accept: string): boolean {
  return /\bapplication\/(?:json|[\w.+-]+\+json)\b/i.test(accept) && !/\btext\/html\b/i.test(accept);
}

function failureJson(failure: Failure, asker: Asker): Pick<Content, "type" | "body"> {
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
  return { type: "text/html; charset=utf-8", body };
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
