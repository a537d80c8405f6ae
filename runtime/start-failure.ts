/** Why an instance did not become ready: what was seen, as a value; and as an error for the user. */
import { duration, PushboatError } from "../core/index.ts";
import { APP_PORT } from "./container-spec.ts";
import type { ContainerExit } from "./engine/contract.ts";
import { exitReason, megabytes } from "./exit-reason.ts";
import { type ListeningSocket, socketName } from "./listening-sockets.ts";

export type StartFailure =
  | {
      readonly kind: "exited";
      readonly exit: ContainerExit;
      readonly afterMs: number;
      readonly memoryLimitBytes: number;
      readonly pressure: string | null;
    }
  /** On PORT, but only for itself. */
  | { readonly kind: "loopback-only"; readonly socket: ListeningSocket }
  | { readonly kind: "other-port"; readonly sockets: readonly ListeningSocket[]; readonly timeoutMs: number }
  | { readonly kind: "not-listening"; readonly timeoutMs: number }
  /** Something listens on PORT, and no connection came to be. */
  | { readonly kind: "unreachable"; readonly socket: ListeningSocket; readonly lastError: string; readonly timeoutMs: number }
  | { readonly kind: "health-check"; readonly check: string; readonly lastAnswer: string; readonly timeoutMs: number };

const LISTEN_HINT = `Listen on 0.0.0.0 and on the port in the environment variable PORT: app.listen(process.env.PORT, "0.0.0.0")`;

/** For `ps` and the log, after the instance's name. */
export function failureReason(failure: StartFailure): string {
  switch (failure.kind) {
    case "exited":
      return [exitReason(failure.exit, failure.memoryLimitBytes), failure.pressure].filter(Boolean).join(", ");
    case "loopback-only":
      return `listens on ${socketName(failure.socket)}; it must listen on 0.0.0.0:$PORT`;
    case "other-port":
      return `listens on ${failure.sockets.map(socketName).join(", ")} and not on $PORT (${APP_PORT}) after ${duration(failure.timeoutMs)}`;
    case "not-listening":
      return `does not listen on 0.0.0.0:$PORT (${APP_PORT}) after ${duration(failure.timeoutMs)}`;
    case "unreachable":
      return `listens on ${socketName(failure.socket)} but accepts no connection after ${duration(failure.timeoutMs)} (${failure.lastError})`;
    case "health-check":
      return `is not healthy after ${duration(failure.timeoutMs)}: ${failure.check} ${failure.lastAnswer}`;
  }
}

export function startError(name: string, failure: StartFailure): PushboatError {
  const message = `${name} ${failureReason(failure)}`;
  switch (failure.kind) {
    case "exited":
      return exitError(name, failure);
    case "loopback-only":
    case "not-listening":
    case "other-port":
      return new PushboatError({ code: "start/not-listening", message, hint: LISTEN_HINT });
    case "unreachable":
      return new PushboatError({
        code: "start/unreachable",
        message,
        hint: "Does it accept connections while it boots, and on IPv4? Run `pushboat doctor` on the server if other apps fail too.",
      });
    case "health-check":
      return new PushboatError({
        code: "start/health-check",
        message,
        hint: "The startup check must succeed while the app is well (a path: 2xx or 3xx). It is set in app.json (healthchecks) or pushboat.yml (processes).",
      });
  }
}

/** The engine could not start it at all: not the app's fault. */
export function engineError(name: string, cause: unknown): PushboatError {
  if (cause instanceof PushboatError) return cause;
  return new PushboatError({
    code: "start/engine",
    message: `${name} could not be started: ${cause instanceof Error ? cause.message : String(cause)}`,
    kind: "platform",
    cause,
  });
}

/** By a command, `down` or a newer deploy. */
export function stoppedError(name: string): PushboatError {
  return new PushboatError({ code: "start/stopped", message: `${name} was stopped while it started`, kind: "transient" });
}

function exitError(name: string, failure: Extract<StartFailure, { kind: "exited" }>): PushboatError {
  const after = `${duration(failure.afterMs)} after its start`;
  if (failure.exit.outOfMemory) {
    const size = megabytes(failure.memoryLimitBytes);
    return new PushboatError({
      code: "start/out-of-memory",
      message: `${name} ran out of memory (${size}), ${after}`,
      hint: `Its limit is ${size}: let the app use less while it boots, or give it more.`,
    });
  }
  const hint = EXIT_HINTS[failure.exit.exitCode] ?? "Its last output is above.";
  return new PushboatError({ code: "start/exited", message: `${name} ${failureReason(failure)}, ${after}`, hint });
}

/** 126 and 127 are what a shell says. */
const EXIT_HINTS: Readonly<Record<number, string>> = {
  0: "A process of the Procfile must go on running: what does its work and ends is a release command or a one-off.",
  126: "The command is not executable: set its mode in git (git update-index --chmod=+x FILE).",
  127: "The command was not found: is it in the Procfile as you would type it in the app's directory, and is its package a dependency (not only a dev dependency)?",
};
