/** The one error type. Its code, message and hint are part of the product (docs/errors.md lists every code). */

/** user: the caller can mend it; platform: our fault; transient: the same call may work later. */
export type ErrorKind = "user" | "platform" | "transient";

export interface ErrorDetails {
  /** `area/what`, for example `build/no-buildpack`; stable, listed in docs/errors.md. */
  readonly code: string;
  /** What was seen and where, one sentence without a full stop at its end. */
  readonly message: string;
  /** What to do or type next; one or more lines. */
  readonly hint?: string;
  readonly kind?: ErrorKind;
  readonly cause?: unknown;
}

export class PushboatError extends Error {
  readonly code: string;
  readonly hint: string | null;
  readonly kind: ErrorKind;

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "PushboatError";
    this.code = details.code;
    this.hint = details.hint ?? null;
    this.kind = details.kind ?? "user";
  }
}

/** Any thrown value as a PushboatError; what was not one is our own fault and keeps its cause. */
export function asPushboatError(thrown: unknown): PushboatError {
  if (thrown instanceof PushboatError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new PushboatError({ code: "platform/unexpected", message, kind: "platform", cause: thrown });
}
