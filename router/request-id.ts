/** The id that joins a request's log lines: the client's where it is safe to print, else a fresh one. */
import { randomUUID } from "node:crypto";

/** Heroku's rule: 20 to 200 characters of these. */
const SAFE = /^[A-Za-z0-9+/=_.:-]{20,200}$/;

export function requestId(offered: string | null): string {
  return offered !== null && SAFE.test(offered) ? offered : randomUUID();
}
