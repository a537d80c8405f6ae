/** The client goes, or presses ^C, or sends a signal: that ends waiting, never the operation. */
import { type CommandRequest, PushboatError } from "../core/index.ts";

export interface Interruptible {
  readonly signal: AbortSignal;
  readonly interrupt: () => void;
}

/** How long a command may take to end by itself once its signal is aborted. */
const GRACE_MS = 250;

/** Where the command owns the terminal, signals and ^C are for what it runs. */
export function interruptible(request: CommandRequest, ownsTerminal: boolean): Interruptible {
  if (ownsTerminal) return { signal: request.disconnected, interrupt: () => {} };
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  request.onSignal(interrupt);
  return { signal: AbortSignal.any([request.disconnected, controller.signal]), interrupt };
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
