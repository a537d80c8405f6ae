/** Failures of the machine rather than of the application, in one form. */
import { PushboatError } from "../core/index.ts";

export function systemFailure({ code, what, cause }: { code: string; what: string; cause: unknown }): PushboatError {
  const detail = cause instanceof Error ? cause.message : String(cause).trim().split("\n").slice(-3).join("; ");
  return new PushboatError({
    code,
    message: `${what}: ${detail}`,
    hint: "`sudo ./pushboat doctor` looks at the machine; push again afterwards.",
    kind: "platform",
    cause,
  });
}
