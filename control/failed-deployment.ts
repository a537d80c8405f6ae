/** The end of a deployment that did not become live: its state, its last event, the log and who is notified, all told the same way. */
import type { PushboatError } from "../core/index.ts";
import type { Deps } from "./deps.ts";
import type { DeploymentRecord } from "./store/index.ts";

export type UnsuccessfulEnd = "failed" | "cancelled" | "superseded";

/** Throws where the store cannot be written. Where it is gone with its environment, or has ended meanwhile, nothing is told. */
export function endUnsuccessfully(deps: Deps, deployment: DeploymentRecord, state: UnsuccessfulEnd, error: PushboatError): void {
  const moved = deps.store.transaction(() => {
    if (!deps.store.deployments.move(deployment.id, state, { reason: error.message, nowMs: deps.now() })) return false;
    const ended = deps.store.deployments.get(deployment.id);
    if (ended !== null && state !== "superseded") deps.notifier.deployment(ended);
    return true;
  });
  if (moved) {
    deps.journal.sink(deployment.id)({
      kind: "failed",
      code: error.code,
      message: `${deployment.description} ${state}: ${error.message}`,
      hint: error.hint,
    });
    const text = `${deployment.description} by ${deployment.by} ${state}: ${error.message}`;
    deps.runtime.writeLog(deployment.environment, "pushboat[api]", text);
  }
  deps.journal.finish(deployment.id);
}
