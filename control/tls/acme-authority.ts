/** How the ACME library talks to authorities: each failure is an answer with its type; when to come back is for acme-pace.ts. */
import { axios, Client } from "acme-client";

const REQUEST_TIMEOUT_MS = 30_000;
/** The library's own is 5 s: most of an order's time would be spent asleep. */
const POLL_MIN_MS = 250;
const POLL_MAX_MS = 5_000;
/** With the pauses above: a minute. */
const POLL_ATTEMPTS = 16;

/** An authority's refusal (RFC 8555 6.7, RFC 9457). */
export class AcmeProblem extends Error {
  /** The last part of `urn:ietf:params:acme:error:connection`; empty: the authority gave none. */
  readonly type: string;
  /** As it asked in Retry-After; 0: it did not. */
  readonly retryAfterMs: number;

  constructor(type: string, detail: string, retryAfterMs = 0) {
    super(detail);
    this.type = type.slice(type.lastIndexOf(":") + 1);
    this.retryAfterMs = retryAfterMs;
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

// The library's own interceptors try five times over 75 s, wait out Retry-After (which may be hours), and lose what was wrong when nobody answers.
axios.interceptors.request.clear();
axios.interceptors.response.clear();
axios.interceptors.response.use((answer) => {
  const problem = problemOf(answer as Answer);
  if (problem !== null) throw problem;
  return answer;
});
axios.defaults.timeout = REQUEST_TIMEOUT_MS;

export function acmeClient(directoryUrl: string, accountKey: string): Client {
  return new Client({ directoryUrl, accountKey, backoffMin: POLL_MIN_MS, backoffMax: POLL_MAX_MS, backoffAttempts: POLL_ATTEMPTS });
}

/** null: no refusal, or a bad nonce, which the library answers with a fresh one. */
export function problemOf({ status, headers, data }: Answer): AcmeProblem | null {
  if (status < 400) return null;
  const { type, detail } = (typeof data === "object" && data !== null ? data : {}) as {
    readonly type?: unknown;
    readonly detail?: unknown;
  };
  const problem = new AcmeProblem(
    String(type ?? ""),
    String(detail ?? `the authority answered ${status}`),
    retryAfterMs(headers["retry-after"]),
  );
  return problem.type === "badNonce" ? null : problem;
}

/** Seconds; a date is rare, and our own delays do then. */
function retryAfterMs(header: unknown): number {
  const seconds = Number(header);
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds * 1000 : 0;
}
