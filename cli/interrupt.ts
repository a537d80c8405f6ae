/** The client goes or sends a signal (^C): that ends waiting, never the operation. */
import { type CommandRequest, PushboatError } from "../core/index.ts";

/** How long a command may take to end by itself once its signal is aborted. */
const GRACE_MS = 250;

/** Aborted when nobody waits any more. Where the command owns the terminal, signals are for what it runs. */
export function interruption(request: CommandRequest, ownsTerminal: boolean): AbortSignal {
  if (ownsTerminal) return request.disconnected;
  const controller = new AbortController();
  request.onSignal(() => controller.abort());
  return AbortSignal.any([request.disconnected, controller.signal]);
}

/** The work's own result, or an error once the signal is aborted and the work goes on without us. */
export async function orGone<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let giveUp = (): void => {};
  const gone = new Promise<never>((_, reject) => {
    giveUp = () => setTimeout(() => reject(interrupted()), GRACE_MS).unref();
  });
  if (signal.aborted) giveUp();
  else signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([work, gone]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

function interrupted(): PushboatError {
  return new PushboatError({
    code: "command/interrupted",
    message: "Waiting was ended; what was begun goes on",
    hint: "`deploys APP` shows how it ends, deploys:attach ID follows it.",
  });
}
