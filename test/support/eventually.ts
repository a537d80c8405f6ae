/** Waits for a condition by asking often; no test sleeps a fixed time. */
import { setTimeout as sleep } from "node:timers/promises";

const ASK_EVERY_MS = 50;

/** Answers the first value that is neither null, undefined nor false; throws with `what` and the last failure after `withinMs`. */
export async function eventually<T>(what: string, ask: () => Promise<T | null | undefined | false>, withinMs = 30_000): Promise<T> {
  const endMs = performance.now() + withinMs;
  let failure: unknown = null;
  for (;;) {
    try {
      const value = await ask();
      if (value !== null && value !== undefined && value !== false) return value;
      failure = null;
    } catch (thrown) {
      failure = thrown;
    }
    if (performance.now() > endMs) {
      const seen = failure === null ? "" : `; last: ${failure instanceof Error ? failure.message : String(failure)}`;
      throw new Error(`not within ${withinMs} ms: ${what}${seen}`);
    }
    await sleep(ASK_EVERY_MS);
  }
}
