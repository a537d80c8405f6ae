/** What a change came to, as text; a deployment that did not go live is a failure, never exit 0. */
import type { Outcome } from "../control/index.ts";
import { type Deployment, PushboatError } from "../core/index.ts";

/** `done, v12`; where nothing is deployed yet, the change waits for the first push. */
export function outcomeText(outcome: Outcome): string {
  if (outcome.deployment !== null) ensureLive(outcome.deployment);
  return outcome.release === null ? "done" : `done, v${outcome.release}`;
}

export function ensureLive(deployment: Deployment): void {
  const { id, state, reason } = deployment;
  if (state === "live" || state === "committed") return;
  throw new PushboatError({
    code: "deploy/not-live",
    message: `Deployment ${id} is ${state}${reason === null ? "" : `: ${reason}`}`,
    hint: `Look at it again: deploys:attach ${id}`,
  });
}
