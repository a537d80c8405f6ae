/** Errors as HTTP answers that git shows: it prints a text/plain body line by line behind `remote: `. */
import type { Response } from "express";
import { asPushboatError, type PushboatError, renderError } from "../../core/index.ts";

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  "app/unknown": 404,
  "http/not-found": 404,
  "http/unauthorized": 401,
  "http/plain-token": 403,
  "http/encoding": 415,
  "http/content-type": 415,
  "http/service": 403,
  "git/packet": 400,
};

export function statusOf(error: PushboatError): number {
  const known = STATUS_BY_CODE[error.code];
  if (known !== undefined) return known;
  if (error.code.startsWith("name/")) return 400;
  return { user: 403, transient: 503, platform: 500 }[error.kind];
}

export function answerError(response: Response, thrown: unknown): void {
  const error = asPushboatError(thrown);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error.code === "http/unauthorized") response.setHeader("WWW-Authenticate", 'Basic realm="Pushboat", charset="UTF-8"');
  response
    .status(statusOf(error))
    .type("text/plain")
    .send(`${renderError(error).join("\n")}\n`);
}

export function forbidCaching(response: Response): void {
  response.setHeader("Expires", "Fri, 01 Jan 1980 00:00:00 GMT");
  response.setHeader("Pragma", "no-cache");
  response.setHeader("Cache-Control", "no-cache, max-age=0, must-revalidate");
}
